"""Timetables add up, handouts have no solutions, and notes match their notebooks."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from helpers import NOTEBOOKS
from helpers.exercises import exercises_of, source_of
from helpers.questions.question import read
from helpers.running import NotebookError
from helpers.web import npm_files
from tools import notebooks
from tools.instructor import agenda, live, slides, solved
from tools.instructor.__main__ import main
from tools.instructor.notes import KINDS
from tools.notebooks import ROOT, Part, find_notebooks, parts, read_notebook
from tools.questions import as_markdown

pytestmark = pytest.mark.slow

PATHS = find_notebooks()
README = (ROOT / "README.md").read_text(encoding="utf-8")
each_notebook = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
each_session = pytest.mark.parametrize("name", agenda.SESSIONS)


def spoken(path):
    """Every sentence of a notebook's notes."""
    return [text for part in parts(path) for text in part.about.get("notes", {}).values()]


# What authors state -------------------------------------------------------------------------------


@each_notebook
def test_metadata_is_what_the_guide_describes(path):
    heads = {part.cells[0].id for part in parts(path)}
    cells = read_notebook(path).cells
    for cell in cells:
        about = cell.metadata.get("course", {})
        allowed = (
            {"minutes", "priority", "notes", "vote"} if cell.id in heads else {"seconds", "live"}
        )
        if cell is cells[0]:
            allowed.add("environment")
        assert about.keys() <= allowed, f"{cell.source[:40]!r}: {sorted(about.keys() - allowed)}"
        assert about.get("notes", {}).keys() <= KINDS.keys()
        assert cell.metadata.get("slideshow", {}).keys() <= {"slide_type"}
        assert cell.metadata.get("jupyter", {}).keys() <= {"source_hidden"}


@each_notebook
def test_every_part_has_minutes_and_a_priority(path):
    for part in parts(path):
        name = f"{path.stem[:2]} · {part.title}"
        assert 1 <= part.minutes <= 10, f"{name}: state its minutes, 1 to 10."
        assert part.about.get("priority") in ("core", "more"), f"{name}: is it core, or more?"


@each_notebook
def test_the_printed_time_is_the_sum_to_five_minutes(path):
    stated = int(
        re.search(r"\*\*Time:\*\* about (\d+) minutes", read_notebook(path).cells[0].source)[1]
    )
    running = sum(part.seconds for part in parts(path)) / 60
    total = sum(part.minutes for part in parts(path)) + running
    assert abs(stated - total) <= 2.5, f"It says {stated} minutes, and its parts take {total:.1f}."


@each_notebook
def test_the_readme_states_the_time_of_each_notebook(path):
    [row] = [row for row in README.splitlines() if f"(notebooks/{path.name})" in row]
    minutes, computing = re.search(r"\| (\d+) min(?:, (\d+) s of it computing)? \|$", row).groups()
    assert f"**Time:** about {minutes} minutes" in read_notebook(path).cells[0].source
    seconds = sum(part.seconds for part in parts(path))
    if computing is None:
        assert seconds < 10
    else:
        assert abs(int(computing) - seconds) <= 0.2 * seconds, f"It computes for {seconds} s."


@each_notebook
def test_every_section_has_notes(path):
    for part in parts(path):
        if part.level == 2 and part.title != "Summary":
            assert part.about["notes"].keys() == KINDS.keys(), part.title
            for text in part.about["notes"].values():
                assert len(text.split()) <= 60, text


# Timetables ---------------------------------------------------------------------------------------


@each_session
def test_a_timetable_adds_up_with_breaks_and_the_whole_core(name):
    session = agenda.SESSIONS[name]
    plan, left_out = agenda.timetable(session)
    stated = {(part.notebook, part.title): part.minutes for path in PATHS for part in parts(path)}
    for day in range(1, session.days + 1):
        now = stretch = 0
        for entry in (entry for entry in plan if entry.day == day):
            assert entry.start == now
            now += entry.minutes
            stretch = 0 if entry.is_break else stretch + entry.minutes
            assert stretch <= 75, f"day {day}, at minute {entry.start}: a break is missing."
        assert now <= session.minutes
    for entry in plan:
        if entry.part:
            assert entry.minutes == stated[entry.part.notebook, entry.part.title]
    inside = [(entry.part.notebook, entry.part.title) for entry in plan if entry.part]
    outside = [(part.notebook, part.title) for part in left_out]
    expected = [key for key in stated if key[0] in session.notebooks]
    assert sorted(inside + outside) == sorted(expected)
    assert inside == [key for key in expected if key in inside], "Out of the course's order."
    assert not [part.title for part in left_out if part.is_core]


@each_session
def test_the_cut_list_has_the_parts_that_are_not_core(name):
    text = agenda.as_text(name)
    cuts, at_home = text.split("## When time runs short")[1].split("If that is not enough")
    plan, _ = agenda.timetable(agenda.SESSIONS[name])
    for entry in plan:
        if entry.part:
            item = f"- {entry.what} ("
            assert (item in cuts) == (not entry.part.is_core)
            if entry.part.is_core and entry.part.level == 3:
                assert item in at_home.split("##")[0]


def test_a_core_that_does_not_fit_is_refused():
    with pytest.raises(NotebookError, match="too long"):
        agenda.timetable(agenda.Session("Too much", 20, ("00", "01")))


def test_an_exercise_needs_its_section(monkeypatch):
    def part(title, level, minutes, priority="optional"):
        course = {"minutes": minutes, "priority": priority}
        return Part("01", title, level, (new_markdown_cell("", metadata={"course": course}),))

    offered = [
        part("The notebook", 1, 5, "core"),
        part("A section that is too long", 2, 30),
        part("Exercise 1.1", 3, 5),
        part("A section that fits", 2, 5),
        part("Exercise 1.2", 3, 5),
        Part("01", "A part without metadata", 2, (new_markdown_cell(""),)),
    ]
    monkeypatch.setattr(agenda, "parts", lambda path: offered)
    plan, left_out = agenda.timetable(agenda.Session("Short", 40, ("01",)))
    assert [part.title for part in left_out] == ["A section that is too long", "Exercise 1.1"]
    assert [entry.part for entry in plan if entry.part] == [offered[0], *offered[3:5]]


def test_a_timetable_is_printed_and_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(agenda, "BUILD", tmp_path)
    assert main(["agenda", "90"]) == 0
    text = agenda.as_text("90")
    assert capsys.readouterr().out == f"{text}\n"
    assert (tmp_path / "agenda" / "90.md").read_text(encoding="utf-8") == text
    assert "| 0 s |" not in text  # a cell without a time has an empty column
    with pytest.raises(NotebookError, match="There is no session '95'"):
        agenda.as_text("95")


# The live version ---------------------------------------------------------------------------------


def test_lines_are_redacted_and_restored():
    source = "def f(x):\n    a = x\n    b = a\n    return b\n\n\nprint(f(1))"
    short, left_out = live.redact(source, ["    a = x", "    b = a", "print(f(1))"], 4)
    assert short == "def f(x):\n    # … 4\n    return b\n\n\n# … 5"
    assert left_out == {4: ["    a = x", "    b = a"], 5: ["print(f(1))"]}
    assert live.restore(short, left_out) == source


def test_a_missing_line_is_named():
    with pytest.raises(NotebookError, match="'b = 1'"):
        live.redact("a = 1", ["b = 1"], 1)


@each_notebook
def test_the_live_version_can_be_restored(path):
    original = {cell.id: cell.source for cell in read_notebook(path).cells}
    notebook = read_notebook(path)
    left_out = live.handout(notebook)
    assert left_out, "Mark the lines to type in the room: course.live in a cell's metadata."
    numbers = [number for lines in left_out.values() for number in lines]
    assert numbers == list(range(1, len(numbers) + 1))
    for cell in notebook.cells:
        back = live.restore(cell.source, left_out.get(cell.id, {}))
        assert back == original[cell.id]
        for lines in left_out.get(cell.id, {}).values():
            for line in lines:
                assert line not in cell.source.splitlines()


@pytest.fixture
def build(tmp_path, monkeypatch):
    for module in (agenda, live, slides, solved):
        monkeypatch.setattr(module, "BUILD", tmp_path)
    return tmp_path


def test_handouts_have_no_notes_or_solutions(build):
    assert main(["live"]) == 0
    for path in PATHS:
        handed_out = (build / "live" / path.name).read_text(encoding="utf-8")
        plain = handed_out.replace("\\n", "\n").replace('\\"', '"')
        mine = (build / "live" / f"notes-{path.stem[:2]}.md").read_text(encoding="utf-8")
        assert '"course"' not in handed_out
        assert not [text for text in spoken(path) if text in plain]
        assert all(text in mine for text in spoken(path))
        left_out = live.handout(read_notebook(path))
        for lines in left_out.values():
            for line in (line for group in lines.values() for line in group):
                assert f"    {line}\n" in mine
        for name, make in exercises_of(int(path.stem[:2])).items():
            right = make().solution
            lines = source_of(right).splitlines()[1:] if callable(right) else []
            own = {line for cell in read_notebook(path).cells for line in cell.source.splitlines()}
            leaked = [line for line in lines if line not in own and line.strip() and line in plain]
            assert not leaked, f"{name}: {leaked}"


# Slides -------------------------------------------------------------------------------------------


@each_notebook
def test_slides_are_complete(path):
    pages = slides.pages(path)
    outputs = [(page.source, output) for page in pages for output in page.get("outputs", [])]
    assert {output.output_type for _, output in outputs} <= {"stream"}
    assert not [source for source, _ in outputs if "\ncheck(" in source]
    text = "\n".join(page.source for page in pages)
    roles = [page.metadata["slideshow"]["slide_type"] for page in pages]
    sections = [part for part in parts(path) if part.level < 3]
    assert roles.count("slide") == len(sections)
    assert "<details>" not in text
    figures = sum(
        "image/png" in output.get("data", {})
        for cell in read_notebook(path).cells
        for output in cell.get("outputs", [])
    )
    assert text.count('<img class="figure"') == figures
    sources = "\n".join(cell.source for cell in read_notebook(path).cells)
    for answer in re.findall(r"</summary>\s*(.+)", sources):
        [page] = [page for page in pages if answer in page.source]
        assert page.source.startswith("<div class='answer'>"), "An answer needs a page of its own."
    notes = "\n".join(
        page.source for page, role in zip(pages, roles, strict=True) if role == "notes"
    )
    assert not [text for text in spoken(path) if text not in notes]


@each_notebook
def test_no_page_is_a_single_sentence(path):
    asked = {as_markdown(each) for n in NOTEBOOKS for each in read(n)[1].values()}
    for page in slides.pages(path):
        if page.source.removeprefix("**Vote.** ") in asked:
            continue
        is_prose = page.cell_type == "markdown" and page.metadata["slideshow"] != {
            "slide_type": "notes"
        }
        if is_prose and not re.search(r"^#|<img|<div|^\$\$", page.source, re.MULTILINE):
            [whole] = [
                cell.source for cell in read_notebook(path).cells if page.source in cell.source
            ]
            # What follows an answer, which has a page of its own, may be short.
            alone = whole.rpartition("</details>")[2].strip() == page.source
            assert alone or len(page.source.split()) >= slides.FEWEST_WORDS, page.source


def test_slides_are_written_with_all_that_they_load(build, monkeypatch, capsys):
    contents = dict.fromkeys(slides.PINS, b"@import url(a-font);a { }")
    monkeypatch.setattr(slides, "fetch", lambda pins: contents)
    assert main(["slides", "01"]) == 0
    assert capsys.readouterr().out.startswith("build/slides/01-")
    [path] = (build / "slides").glob("*.html")
    page = path.read_text(encoding="utf-8")
    assert page.count('class="answer"') + page.count("class='answer'") == sum(
        "class='answer'" in cell.source for cell in slides.pages(PATHS[1])
    )
    asked = set(re.findall(r"reveal/([\w./-]+)", page))
    written = [path for path in (build / "slides" / "reveal").rglob("*") if path.is_file()]
    assert {path.relative_to(build / "slides" / "reveal").as_posix() for path in written} >= asked
    assert {path.read_bytes() for path in written} == {b"a { }"}
    assert len(written) == len(slides.PINS)


def test_a_failed_download_of_slides_is_reported(build, monkeypatch, capsys):
    def fetch(pins):
        raise npm_files.FetchError("No reveal.js.")

    monkeypatch.setattr(slides, "fetch", fetch)
    assert main(["slides", "01"]) == 1
    assert capsys.readouterr().out == "No reveal.js.\n"


def test_an_unknown_notebook_is_reported(capsys):
    assert main(["notes", "99"]) == 1
    assert "no notebook '99'" in capsys.readouterr().out


# Commands that run or change notebooks ------------------------------------------------------------


@pytest.fixture
def small_course(tmp_path, monkeypatch):
    """A course of two notebooks, of which 01 has an exercise, and a cell that takes a second."""
    notes = {"late": "Leave it out.", "say": "Say this."}
    about = {"minutes": 3, "notes": notes}
    cells = [
        new_markdown_cell("# Small", metadata={"course": {"minutes": 2}}),
        new_code_cell("def check(name, answer):\n    print(name, answer(3))"),
        new_markdown_cell("## A *section*\n\nText", metadata={"course": about}),
        new_code_cell("import time\n\ntime.sleep(1.1)", metadata={"course": {"live": ["x"]}}),
        new_code_cell("quick = 1", metadata={"course": {"seconds": 7}}),
        new_markdown_cell("### Exercise 1.2"),
        new_code_cell('def double(x):\n    ...\n\n\ncheck("1.2", double)', outputs=[]),
        new_markdown_cell("## Only words"),
    ]
    monkeypatch.setattr(notebooks, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(solved, "BUILD", tmp_path / "build")
    monkeypatch.setattr(solved, "PROGRESS_FILE", tmp_path / "progress.json")
    (tmp_path / "notebooks" / "projects").mkdir(parents=True)
    for number in ("01", "02"):
        path = tmp_path / "notebooks" / f"{number}-small.ipynb"
        nbformat.write(new_notebook(cells=cells), path)
    return tmp_path


def test_notes_are_printed_in_order(small_course, capsys):
    assert main(["notes", "1"]) == 0
    assert capsys.readouterr().out == (
        "## A *section*\n\n- **Say:** Say this.\n- **When late:** Leave it out.\n\n"
    )


def test_timings_are_stored_from_one_second_on(small_course, capsys):
    assert main(["timings", "01"]) == 0
    printed = re.search(r"01-small: (\d+) seconds in 4 cells", capsys.readouterr().out)
    cells = read_notebook(small_course / "notebooks" / "01-small.ipynb").cells
    abouts = [cell.metadata.get("course") for cell in cells if cell.cell_type == "code"]
    assert 1 <= abouts[1].pop("seconds") <= int(printed[1])  # more than 1 on a busy machine
    assert abouts == [None, {"live": ["x"]}, None, None]
    assert not [output for cell in cells for output in cell.get("outputs", [])]


def test_a_failing_notebook_is_named(small_course, capsys):
    path = small_course / "notebooks" / "02-small.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("1 / 0")]), path)
    assert main(["timings", "02"]) == 1
    assert "02-small does not run: In [1] `1 / 0`: ZeroDivisionError" in capsys.readouterr().out


@pytest.mark.parametrize("kept", ["{}", None])
def test_solved_notebooks_find_the_projects_and_progress_is_kept(
    kept, small_course, monkeypatch, capsys
):
    """tests/test_solutions.py solves all exercises, this tests only the command."""

    def exercise_with(right):
        return lambda: type("Made", (), {"solution": staticmethod(right)})

    if kept:
        (small_course / "progress.json").write_text(kept, encoding="utf-8")
    monkeypatch.setattr(solved, "exercises_of", lambda _: {"1.2": exercise_with(doubled)})
    monkeypatch.setattr(solved, "source_of", lambda _: "def double(x):\n    return 2 * x")
    (small_course / "notebooks" / "projects" / "a.txt").write_text("a", encoding="utf-8")
    look = "from pathlib import Path\n\nprint(Path('projects/a.txt').read_text())"
    forget = "Path('../../progress.json').write_text('other')"
    first = small_course / "notebooks" / "01-small.ipynb"
    notebook = read_notebook(first)
    notebook.cells += [new_code_cell(look), new_code_cell(forget)]
    nbformat.write(notebook, first)
    assert main(["solved", "01"]) == 0
    assert "build/solved/01-small.ipynb" in capsys.readouterr().out.replace("\\", "/")
    cells = read_notebook(small_course / "build" / "solved" / "01-small.ipynb").cells
    assert [cells[place].outputs[0].text for place in (6, -2)] == ["1.2 6\n", "a\n"]
    path = small_course / "progress.json"
    assert (path.read_text(encoding="utf-8") if path.exists() else None) == kept
    assert main(["solved", "01"]) == 0, "again, over what is there: " + capsys.readouterr().out


def test_an_answer_without_a_place_is_reported():
    with pytest.raises(NotebookError, match=r"There is no place for double\."):
        solved.fill_in('check("1.2", double)', doubled)


def doubled(x):
    return 2 * x
