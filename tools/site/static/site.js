// What axe misses in the theme's markup: names for the two sidebars, the level of captions, a
// summary named by its text, and a scroll box that the keyboard reaches.
document.querySelector(".sidebar-drawer").ariaLabel = "Site";
document.querySelector(".toc-drawer").ariaLabel = "Page";
document.querySelectorAll(".caption[role=heading]").forEach(caption => { caption.ariaLevel = 2; });
document.querySelectorAll("summary").forEach(summary => summary.removeAttribute("aria-label"));
new ResizeObserver(() => {
  document.querySelectorAll("pre, .table-wrapper, .math-wrapper").forEach(box => {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  });
}).observe(document.querySelector("article"));

// "Something wrong here?" also names the section on the screen.
document.querySelector(".wrong a")?.addEventListener("click", event => {
  const above = Array.from(document.querySelectorAll("article :is(h1, h2, h3)"))
    .filter(heading => heading.getBoundingClientRect().top < innerHeight / 2);
  const address = new URL(event.currentTarget.href);
  address.searchParams.set("section", above.at(-1)?.firstChild.textContent ?? "");
  event.currentTarget.href = address;
});

// Formulas are set after the jump to a section, and move it.
addEventListener("load", async () => {
  await window.MathJax?.startup.promise;
  const section = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  section?.scrollIntoView({behavior: "instant"});
});
