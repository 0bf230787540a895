"""Notebooks 00 to 04 in a real browser, where Python itself runs: as at home."""

import functools
import http.server
import importlib.util
import inspect
import json
import re
import textwrap
import threading
import time
from contextlib import contextmanager

import nbformat
import pytest

from helpers import ROOT, data
from helpers.exercises import exercises_of, judging, progress_file
from helpers.web.npm_files import FetchError
from tests.support.browsers import chromium, firefox_tab, require_clients, wait_until
from tests.support.jupyterlite import MODEL, PANEL, STATUS, execute, read, run_all, wait_until_ready
from tests.support.missing import is_missing
from tests.support.notebook_comparison import output_differences, tolerance
from tools.notebooks import KERNEL_METADATA, code_cells, find_notebooks, read_notebook

if importlib.util.find_spec("jupyterlite_core") is None:
    is_missing("JupyterLite is missing: `uv pip install --group site`.", allow_module_level=True)
require_clients()

from tools.site import lite  # noqa: E402  it needs what may be missing

pytestmark = pytest.mark.slow
NOTEBOOKS = {path.name[:2]: path for path in find_notebooks(lite.NUMBERS)}
# Seconds: twice what was measured on an idle machine, and twice again, since CI is not idle.
READY = 84
RUN = {"00": 40, "01": 46, "02": 44, "03": 64, "04": 224}


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the site and writes no log."""

    def log_message(self, *_):
        pass

    def end_headers(self):
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A web server's folder with the site in a folder of it, as on GitHub Pages."""
    root = tmp_path_factory.mktemp("web")
    try:
        pyodide = lite.fetch_pyodide()
    except FetchError as error:
        pytest.skip(f"No notebooks in the browser: {error}")  # also in CI: it may vanish
    (root / "course").mkdir()
    lite.add_lite(root / "course", pyodide)
    return root


@pytest.fixture(scope="module")
def address(root):
    """The start of the address of a notebook."""
    handler = functools.partial(Handler, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/course/lite/run.html?path=notebooks/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    with chromium() as chrome:
        yield chrome


@contextmanager
def opened(browser, address, number, **settings):
    """The page of a notebook in a browser that has not seen the site before."""
    context = browser.new_context(**settings)
    page = context.new_page()
    page.goto(address + NOTEBOOKS[number].name)
    yield page
    context.close()


@pytest.fixture(scope="module")
def pages(browser, address):
    """A page of each notebook, run from top to bottom."""
    contexts, found, requests = [], {}, []
    for number in NOTEBOOKS:
        contexts.append(browser.new_context(accept_downloads=True))
        contexts[-1].on("request", lambda request: requests.append(request.url))
        page = found[number] = contexts[-1].new_page()
        page.goto(address + NOTEBOOKS[number].name)
        wait_until_ready(page.evaluate, READY)
        run_all(page.evaluate, RUN[number])
    yield found
    for context in contexts:
        context.close()
    own = (address.partition("course")[0], "blob:", "data:")
    assert [url for url in requests if not url.startswith(own)] == []


def differences(number, notebook):
    """How the outputs of a notebook differ from the stored ones, by cell."""
    stored = read_notebook(NOTEBOOKS[number])
    pairs = list(zip(code_cells(stored), code_cells(notebook), strict=True))
    assert all(new.execution_count for _, new in pairs)
    is_real = data.find_folder() is not None
    return {
        old.id: lines
        for old, new in pairs
        if is_real or "data" not in old.metadata.get("tags", [])
        if (
            lines := output_differences(
                old.outputs, new.outputs, tolerance(old.metadata.get("tags", []))
            )
        )
    }


@pytest.mark.parametrize("number", NOTEBOOKS)
def test_outputs_are_the_stored_ones(pages, number):
    assert differences(number, read(pages[number].evaluate)) == {}


def test_notebook_in_firefox(address):
    with firefox_tab() as tab:
        tab.open(address + NOTEBOOKS["01"].name)
        wait_until_ready(tab.evaluate, READY)
        run_all(tab.evaluate, RUN["01"])
        assert differences("01", read(tab.evaluate)) == {}


def test_file_with_another_checksum_is_not_used(monkeypatch, tmp_path):
    monkeypatch.setattr(lite, "CACHE", tmp_path)
    monkeypatch.setattr(lite, "_from_server", lambda names: [(name, b"other") for name in names])
    monkeypatch.setattr(lite, "_from_carrier", lambda names: [])
    with pytest.raises(FetchError, match=r"asttokens-.* of Pyodide .* is unavailable"):
        lite.fetch_pyodide()
    assert list(tmp_path.iterdir()) == []


# Checking answers ---------------------------------------------------------------------------------


def verdicts(numbers, right_answers):
    """Outcome and sentence for the solution, right, wrong and blank answers to each exercise."""
    found = []
    for number in numbers:
        for name, make in exercises_of(int(number)).items():
            exercise = make()
            wrong = [answer for answer, _ in exercise.wrong_answers]
            for answer in [exercise.solution, *right_answers(number)[name](), *wrong, None]:
                verdict = judging.judge(exercise, answer)
                # The sentence, without the example: a negative number as a byte is chance.
                found.append([name, verdict.outcome, verdict.message.splitlines()[0]])
    return found


def test_verdicts_are_those_of_ordinary_python(pages):
    def right_answers(number):
        return __import__(f"right_answers.notebook_{number}", fromlist="*").RIGHT_ANSWERS

    sources = {
        path.name: path.read_text(encoding="utf-8")
        for path in (ROOT / "tests" / "right_answers").glob("notebook_0[0-4].py")
    }
    program = f"""
import json, sys
from pathlib import Path
from helpers.exercises import exercises_of, judging

folder = Path("/tmp/tests/right_answers")
folder.mkdir(parents=True)
for name, source in {sources!r}.items():
    (folder / name).write_text(source)
sys.path.append("/tmp/tests")
{inspect.getsource(verdicts)}
{textwrap.dedent(inspect.getsource(right_answers))}
print(json.dumps(verdicts({lite.NUMBERS!r}, right_answers)))
"""
    there = json.loads(execute(pages["02"], program))
    here = verdicts(
        lite.NUMBERS,
        lambda number: (
            importlib.import_module(f"tests.right_answers.notebook_{number}").RIGHT_ANSWERS
        ),
    )
    assert len({name for name, *_ in here}) == 26
    assert there == json.loads(json.dumps(here))


ENDLESS = {
    "pass": "while True: pass",
    "body": "while True:\n    x = 1",
    "except Exception": "while True:\n    try: x = 1\n    except Exception: pass",
    "bare except": "while True:\n    try: x = 1\n    except: pass",
    "finally": "try:\n    while True: x = 1\nfinally:\n    while True: x = 2",
    "called function": "def f(): return 1\nwhile True: f()",
    "generator": "for _ in itertools.count(): pass",
    "comprehension": "[x for x in itertools.count() if x < 0]",
    "print": "while True: print('flood')",
    "NumPy": "while True: np.exp(logits * 1e9)",
}


def test_endless_loops_are_stopped(pages):
    """The limit is 0.5 seconds here, and 3 for learners."""
    execute(
        pages["01"],
        "import itertools\nfrom helpers.exercises import judging\njudging.SECONDS = 0.5",
    )
    for name, body in ENDLESS.items():
        begin = time.monotonic()
        source = f"def endless(logits):\n{textwrap.indent(body, '    ')}\n\ncheck('1.2', endless)"
        said = execute(pages["01"], source)
        assert said.startswith("1.2 could not run: It ran for"), (name, said)
        assert "endless loop?\n    line" in said, (name, said)
        assert time.monotonic() - begin < 2.5, name
    said = execute(pages["01"], "from helpers import maths\ncheck('1.2', maths.softmax)")
    assert said.startswith("1.2 correct")


# What a learner keeps -----------------------------------------------------------------------------


MINE = "print('my own work')"
EDIT = f"{MODEL}.cells.get(1).sharedModel.setSource({MINE!r})"
SAVE = "frames[0].jupyterapp.commands.execute('docmanager:save')"


def test_work_is_kept_and_goes_on_at_home(pages, address, tmp_path, monkeypatch):
    page = pages["00"]
    name = next(iter(exercises_of(0)))
    answer = "from helpers.exercises import exercises_of\n"
    answer += f"check({name!r}, exercises_of(0)[{name!r}]().solution)"
    assert execute(page, answer).startswith(f"{name} correct")
    page.evaluate(EDIT)
    page.evaluate(SAVE)
    context = page.context
    page.close()

    page = pages["00"] = context.new_page()
    page.goto(address + NOTEBOOKS["00"].name)
    page.locator("#notebook:enabled").wait_for(state="attached")
    assert read(page.evaluate).cells[1].source == MINE
    assert page.locator("#versions").is_hidden()

    page.locator("summary").click()
    for button in ("notebook", "progress"):
        with page.expect_download() as download:
            page.locator(f"#{button}").click()
        download.value.save_as(tmp_path / download.value.suggested_filename)
    notebook = nbformat.read(tmp_path / NOTEBOOKS["00"].name, as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[1].source == MINE
    assert notebook.metadata == KERNEL_METADATA
    monkeypatch.setattr(progress_file, "PROGRESS_FILE", tmp_path / "progress.json")
    assert progress_file.read_progress()[name]["outcome"] == judging.CORRECT


def test_newer_version_and_own_copy_are_both_kept(pages, root):
    """The site changes after a learner has saved a copy."""
    page = pages["03"]
    page.evaluate(EDIT)
    page.evaluate(SAVE)
    opening_page = root / "course" / "lite" / "run.html"
    text = opening_page.read_text(encoding="utf-8")
    newer = re.sub(r'"version": "\w{8}"', '"version": "00000000"', text)
    opening_page.write_text(newer, encoding="utf-8")
    page.reload()
    page.get_by_role("button", name="Open the newer version").click()
    page.get_by_role("link", name="Your copy of").click()
    page.get_by_role("link", name="The newer version").wait_for()
    assert read(page.evaluate).cells[1].source == MINE
    page.get_by_role("link", name="The newer version").click()
    page.get_by_role("link", name="Your copy of").wait_for()
    assert MINE not in [cell.source for cell in read(page.evaluate).cells]
    opening_page.write_text(text, encoding="utf-8")


# When something is missing ------------------------------------------------------------------------


def test_lost_network_is_said(pages, address):
    page = pages["04"]
    page.context.set_offline(True)
    wait_until(lambda: page.evaluate(STATUS).startswith("No network."))
    said = execute(page, "print(load())")
    assert said.startswith(
        "Sketches drawn by this program, not Fashion-MNIST: the site cannot be reached."
    )
    assert execute(page, "import helpers.running").startswith("there is no network: connect")
    page.context.set_offline(False)
    wait_until(lambda: page.evaluate(STATUS).startswith("Ready"))


def test_network_lost_while_python_starts_is_said(browser, address):
    with opened(browser, address, "01") as page:
        page.context.set_offline(True)
        page.get_by_text("There is no network, and Python has not been loaded yet").wait_for()
        assert page.get_by_role("link", name="Read it here").is_visible()


def test_blocked_service_worker_is_said(browser, address):
    with opened(browser, address, "01", service_workers="block") as page:
        assert page.locator("#help").is_hidden()
        page.clock.install()
        page.clock.fast_forward(15_000)
        page.get_by_text("A private window or a setting of the browser may block").wait_for()
        assert page.get_by_role("link", name="Read it here").is_visible()


def test_site_opened_as_a_file_is_said(browser, root):
    folder = (root / "course").as_uri()
    with opened(browser, f"{folder}/lite/run.html?path=notebooks/", "01") as page:
        page.get_by_text("only on pages that come from a web server").wait_for()
        assert page.get_by_role("link", name="Read it here").is_visible()


def test_narrow_screen(pages):
    """On a phone: answer with a number and a choice, and run the cells."""
    page = pages["01"]
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    notebook = page.frame_locator("iframe")
    for name, answer, said in [("1.1", "[1, 2, 3]", "1.1 not yet"), ("1.5", "'B'", "1.5 correct")]:
        # JupyterLab keeps only cells near the screen in the page.
        sources = page.evaluate(f"{MODEL}.toJSON().cells.map(cell => cell.source)")
        place = next(i for i, each in enumerate(sources) if f'check("{name}"' in each)
        page.evaluate(f"{PANEL}.content.scrollToItem({place}, 'center')")
        cell = notebook.locator(".jp-CodeCell", has_text=f'check("{name}"')
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(f'check("{name}", {answer})')
        notebook.locator("[data-command='notebook:run-cell-and-select-next']").click()
        cell.get_by_text(said).wait_for()
        box = cell.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
