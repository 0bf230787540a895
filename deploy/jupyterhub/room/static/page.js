// Show the counts of a class as they come. Every text goes in by textContent.
const HOW = 'In a notebook: from helpers.room import vote; vote("A")';
const { class: name, token } = document.body.dataset;
const address = (path, more) => `${path}?${new URLSearchParams({ class: name, ...more })}`;
const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];

function write(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

function list(id, texts) {
  const items = texts.map((text) => Object.assign(document.createElement("li"), { textContent: text }));
  document.getElementById(id).replaceChildren(...items);
}

function fill(row, words, bars, total) {
  write(row.querySelector(".words"), words);
  for (const bar in bars) row.querySelector(`.${bar}`).style.width = `${(100 * bars[bar]) / (total[bar] || 1)}%`;
}

function show({ problem, learners, results, mistakes, hands, vote, ballots }) {
  write(document.getElementById("problem"), problem);
  for (const row of all("[data-exercise]")) {
    const { begun = 0, solved = 0 } = results[row.dataset.exercise] || {};
    const total = Math.max(learners, begun + solved);
    const words = `${total - begun - solved} not begun, ${begun} trying, ${solved} right`;
    fill(row, words, { begun, solved }, { begun: total, solved: total });
  }
  const often = Object.entries(mistakes)
    .map(([text, { made }]) => [made, ...text.split(/ (.*)/s)])
    .filter(([, exercise]) => document.querySelector(`[data-exercise="${exercise}"]`))
    .sort(([one], [other]) => other - one);
  list("mistakes", often.slice(0, 6).map(([n, exercise, text]) => `${n} in ${exercise}: ${text.replaceAll("`", "")}`));
  list("hands", hands);
  for (const section of all("[data-vote]")) {
    const question = section.dataset.vote;
    const rounds = [1, 2].map((round) => ballots[`${question} ${round}`] || {});
    const [one, two] = rounds.map((of) => Object.values(of).reduce((sum, n) => sum + n, 0));
    for (const row of all("[data-answer]", section)) {
      const [before, after] = rounds.map((of) => of[row.dataset.answer] || 0);
      fill(row, `${before} before, ${after} after`, { before, after }, { before: one, after: two });
    }
    const open = vote[0] === question && vote[1];
    const voted = `Round ${open} is open: ${[one, two][open - 1]} of ${learners} have voted. `;
    write(section.querySelector(".state"), open ? voted + HOW : "Closed.");
  }
}

const events = new EventSource(address("events", { _xsrf: token }));
events.onmessage = ({ data }) => show(JSON.parse(data));
events.onerror = () => write(document.getElementById("problem"), "The connection is lost: the counts are old.");

const send = (method, more) => fetch(address("session", more), { method, headers: { "X-XSRFToken": token } });
const vote = ({ target }) =>
  send("POST", { question: target.closest("[data-vote]").dataset.vote, round: target.dataset.round });
for (const button of all("[data-round]")) button.onclick = vote;
document.getElementById("end").onclick = () => confirm("Delete all that is known about this class?") && send("DELETE");
