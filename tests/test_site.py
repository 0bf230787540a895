"""The web edition: complete, without solutions, and right in a real browser."""

import ast
import functools
import html
import http.server
import importlib.util
import inspect
import os
import re
import subprocess
import sys
import threading
from html.parser import HTMLParser
from itertools import product
from urllib.parse import unquote, urlsplit

import pytest

from helpers import ROOT
from helpers.exercises import exercises_of
from helpers.web.npm_files import FetchError, fetch, read_pins
from tests.support.browsers import chromium, require_clients
from tests.support.missing import is_missing
from tools.notebooks import find_notebooks, parts, read_notebook
from tools.questions import CALL, answer, asked_in

if importlib.util.find_spec("myst_nb") is None:
    is_missing("Sphinx is missing: `uv pip install --group site`.", allow_module_level=True)
require_clients()

pytestmark = pytest.mark.slow
BY_NAME = {path.stem: path for path in find_notebooks()}
each_notebook = pytest.mark.parametrize("name", BY_NAME)


def build(folder):
    """Build the site as the workflow does, without a warning; return its folder."""
    environment = os.environ | {"GITHUB_REPOSITORY": "Owner/course", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tools.site", folder]
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8")
    # It may have to do without notebooks in the browser: tests/test_lite.py says so.
    errors = re.sub("^WARNING:root:Without notebooks in the browser: .*\n", "", done.stderr)
    if "cannot be had" in errors:
        is_missing(errors)
    assert (done.returncode, errors) == (0, "")
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return build(tmp_path_factory.mktemp("web") / "site")


def test_other_things_are_not_replaced(tmp_path):
    own = tmp_path / "thesis.txt"
    own.write_text("years of work", encoding="utf-8")
    for named in (tmp_path, own):
        command = [sys.executable, "-m", "tools.site", named]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8")
        assert done.returncode == 2
        assert f"{named} holds something else" in done.stderr
        assert own.exists()


@pytest.fixture(scope="module")
def pages(site):
    """The pages that Sphinx makes, by their path."""
    names = [path.relative_to(site).as_posix() for path in sorted(site.rglob("*.html"))]
    own = [name for name in names if not name.startswith(("slides/", "playground", "lite/"))]
    return {name: Page((site / name).read_text(encoding="utf-8")) for name in own}


class Page(HTMLParser):
    """The ids, links, alt texts and text of a page."""

    def __init__(self, html):
        super().__init__()
        self.ids, self.links, self.alts, self.text = set(), [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.ids.add(attributes.get("id"))
        self.links += [attributes[name] for name in ("href", "src") if name in attributes]
        self.alts += [attributes.get("alt")] * (tag == "img")

    def handle_data(self, data):
        self.text += data


def test_second_build_gives_the_same_bytes(site, tmp_path):
    first, second = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}
        for folder in (site, build(tmp_path / "site"))
    )
    assert first.keys() == second.keys()
    differing = [path.as_posix() for path in first if first[path] != second[path]]
    assert [path for path in differing if path != "docs/formulas.pdf"] == []  # has its date in it


def test_site_is_small(site):
    sizes = {path.relative_to(site): path.stat().st_size for path in site.rglob("*")}
    pictures = sum(size for path, size in sizes.items() if path.parts[:2] == ("lite", "data"))
    lite = sum(size for path, size in sizes.items() if path.parts[0] == "lite")
    assert sum(sizes.values()) - lite <= 25e6
    assert lite - pictures <= 60e6
    assert max(path.stat().st_size for path in site.rglob("notebooks/*.html")) <= 300e3


def test_links_lead_somewhere(site, pages):
    def is_right(name, link):
        url = urlsplit(link)
        if url.scheme:
            return url.scheme == "data" or (url.scheme == "https" and "." in url.netloc)
        target = (site / name).parent / unquote(url.path) if url.path else site / name
        page = pages.get(os.path.relpath(target, site).replace(os.sep, "/"))
        anchors = page.ids if page and url.fragment else {unquote(url.fragment)}
        return target.is_file() and unquote(url.fragment) in anchors

    links = {(name, link) for name, page in pages.items() for link in page.links}
    assert [each for each in sorted(links) if not is_right(*each)] == []


def test_notebooks_without_tensorflow_open_in_the_browser(site, pages):
    if not (site / "lite").exists():
        pytest.skip("Pyodide is unavailable.")
    targets = {
        name: [link for link in page.links if "lite/run.html" in link]
        for name, page in pages.items()
        if name.startswith("notebooks/") or name == "index.html"
    }
    expected = {
        f"notebooks/{name}.html": [f"../lite/run.html?path=notebooks/{name}.ipynb"]
        for name in BY_NAME
        if name < "05"
    }
    expected["index.html"] = ["lite/run.html?path=notebooks/00-meet-the-data.ipynb"]
    assert {name: found for name, found in targets.items() if found} == expected


def test_one_setting_names_the_repository(site, pages):
    here = "notebooks/06-depth-and-the-logits-trap"
    base, address = "https://github.com/Owner/course", f"https://owner.github.io/course/{here}.html"
    assert {
        f"https://colab.research.google.com/github/Owner/course/blob/colab/{here[10:]}.ipynb",
        f"{base}/archive/refs/heads/main.zip",
        f"{base}/issues/new?template=mistake.yml&page={here}",
        address,  # canonical
    } <= set(pages[f"{here}.html"].links)
    assert f"{base}/issues/new?template=class.yml" in pages["docs/workshops.html"].links
    assert f"<loc>{address}</loc>" in (site / "sitemap.xml").read_text(encoding="utf-8")


def test_formulas_fit_on_one_sheet(site):
    pdf = site / "docs" / "formulas.pdf"
    if not pdf.exists():
        is_missing("Chromium or Chrome is missing: `apt-get install chromium` on Debian.")
    assert pdf.read_bytes().count(b"/Type /Page\n") == 1


def letters(text):
    """A text without the signs that Markdown and Sphinx change."""
    return re.sub(r"\W+", "", text)


@each_notebook
def test_page_has_the_whole_notebook(pages, name):
    page, cells = pages[f"notebooks/{name}.html"], read_notebook(BY_NAME[name]).cells
    shown = [cell for cell in cells if not re.search(r"sys\.path|^check\(", cell.source, re.M)]
    code = [CALL.sub("", cell.source) for cell in shown if cell.cell_type == "code"]
    expected = [*code, *(part.title for part in parts(BY_NAME[name]))]
    assert [text for text in expected if letters(text) not in letters(page.text)] == []
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    figures = [each for each in outputs if "image/png" in each.get("data", {})]
    assert page.alts == [each.metadata["image/png"]["alt"] for each in figures]


@each_notebook
def test_page_has_hints_and_no_solution(pages, name):
    text = letters(pages[f"notebooks/{name}.html"].text)
    notebook = letters("".join(cell.source for cell in read_notebook(BY_NAME[name]).cells))
    for make in exercises_of(int(name[:2])).values():
        hints, secrets = hints_and_secrets(ast.parse(inspect.getsource(make)).body[0])
        assert [hint for hint in hints if letters(hint) not in text] == []
        known = notebook + letters("".join(hints))
        assert [s for s in secrets if letters(s) in text and letters(s) not in known] == []


@each_notebook
def test_page_folds_the_answers_of_what_the_notebook_asks(site, name):
    page = (site / "notebooks" / f"{name}.html").read_text(encoding="utf-8")
    assert not re.search(r">(predict|remember|explain)</span><span class=\"p\">\(", page)
    parts = re.split(r"(<details.*?</details>)", page, flags=re.DOTALL)
    shown, folded = (
        letters(html.unescape(re.sub(r"<[^>]+>", "", "".join(part))))
        for part in (parts[::2], parts[1::2])
    )
    for to_run in (
        "comes back in review()",
        "Write one sentence",
    ):  # there is nothing to run on a page
        assert letters(to_run) not in shown
    cells = read_notebook(BY_NAME[name]).cells
    asked = [each for cell in cells if cell.cell_type == "code" for each in asked_in(cell.source)]
    assert len(asked) >= 6
    for each in asked:
        assert letters(answer(each)) in folded
        assert letters(getattr(each, "ask", "")) in shown


def hints_and_secrets(function):
    """The three hints of an exercise; its sentences, and the code of its answers."""
    nodes = list(ast.walk(function))
    keywords = {node.arg: node.value for node in nodes if isinstance(node, ast.keyword)}
    texts = {node.value for node in nodes if isinstance(node, ast.Constant)}
    answers = [node for node in nodes if isinstance(node, ast.FunctionDef)][1:]
    code = {ast.unparse(statement) for answer in answers for statement in answer.body}
    hints = ast.literal_eval(keywords["hints"])
    return hints, {s for s in texts | code if isinstance(s, str) and len(s) > 25} - set(hints)


@pytest.fixture(scope="module")
def tab(site):
    """A browser's tab; in the end, there was no message and no request to another server."""
    messages, requests = [], []
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, chromium() as chrome:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        page = chrome.new_page(base_url=address)
        page.on("console", lambda message: messages.append((page.url, message.text)))
        page.on("pageerror", lambda error: messages.append((page.url, str(error))))
        page.on("request", lambda request: requests.append(request.url))
        yield page
        server.shutdown()
    own = (address, "about:", "blob:", "data:")
    assert [url for url in requests if not url.startswith(own)] == []
    assert messages == []


def test_search_leads_to_the_section(tab):
    tab.goto("/")
    tab.get_by_role("textbox", name="Search").fill("temperature")
    tab.keyboard.press("Enter")
    tab.get_by_role("link", name="01 · From scores to softmax > Temperature").click()
    assert tab.url.endswith("/notebooks/01-from-scores-to-softmax.html#temperature")
    tab.wait_for_load_state()
    tab.evaluate("async () => { await MathJax.startup.promise; await new Promise(setTimeout); }")
    assert 0 <= tab.get_by_role("heading", name="Temperature").bounding_box()["y"] < 100


WIDE, NARROW = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
DEFECTS = """async withAxe => {
    await window.MathJax?.startup.promise;
    await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    const all = selector => document.querySelectorAll(selector).length;
    const violations = withAxe ? (await axe.run({preload: false})).violations : [];
    return [
        ["wider than the screen", document.documentElement.scrollWidth - innerWidth],
        ["formulas not set", all(".math") - all("mjx-container") + all("mjx-merror")],
        ["pictures missing", [...document.images].filter(image => !image.naturalWidth).length],
        ...violations.map(each => [each.id, each.nodes[0].html]),
    ].filter(([name, found]) => found);
}"""


def test_every_page_in_a_browser(pages, tab):
    """Axe takes a second: most pages have it in one of the four states, in turn."""
    try:
        axe = fetch(read_pins(ROOT / "tests" / "support" / "axe.json"))["axe.min.js"].decode()
    except FetchError as error:
        is_missing(str(error))
    defects = {}
    for number, name in enumerate(pages):
        tab.goto(f"/{name}")
        tab.evaluate(axe)
        for state, (size, scheme) in enumerate(product((WIDE, NARROW), ("light", "dark"))):
            tab.set_viewport_size(size)
            tab.emulate_media(color_scheme=scheme)
            with_axe = state == number % 4 or name == "index.html"
            defects[name, size["width"], scheme] = tab.evaluate(DEFECTS, with_axe)
    assert {where: found for where, found in defects.items() if found} == {}


def test_explorer_reacts_and_fits(tab):
    tab.goto("/")
    explorer = tab.frame_locator("iframe[title='Softmax explorer']")
    probability = explorer.locator(".softmax tbody td:last-child data").first
    assert float(probability.get_attribute("value")) > 0.7
    explorer.locator(".temperature").fill("5")
    assert float(probability.get_attribute("value")) < 0.5
    for size in (WIDE, NARROW):
        tab.set_viewport_size(size)
        overflow = "e => [e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight]"
        assert explorer.locator("html").evaluate(overflow) == [0, 0]


def test_form_is_filled_in(tab):
    tab.goto("/notebooks/01-from-scores-to-softmax.html")
    tab.evaluate("window.MathJax.startup.promise")
    tab.get_by_role("heading", name="Temperature").scroll_into_view_if_needed()
    link = tab.get_by_role("link", name="Something wrong here?")
    link.evaluate("e => { e.addEventListener('click', e => e.preventDefault()); e.click(); }")
    assert link.get_attribute("href").endswith("softmax&section=Temperature")
    form = (ROOT / ".github" / "ISSUE_TEMPLATE" / "mistake.yml").read_text(encoding="utf-8")
    assert {"page", "section"} <= set(re.findall(r"^    id: (\w+)$", form, re.MULTILINE))
