"""What holds for every stored notebook without running it. A failure says what to do."""

import ast
import re
import statistics
from functools import cache
from itertools import pairwise

import pytest

from tests.support.notebook_comparison import tolerance
from tools.notebooks import (
    LOCAL_PATH,
    NOTEBOOKS,
    ROOT,
    as_stored,
    cell_name,
    code_cells,
    cover_path,
    covers,
    find_notebooks,
    headings,
    output_texts,
    parts,
    read_notebook,
    reasons_not_to_store,
    tidy,
)

STORE = "python -m tools.notebooks --store"
TIME = re.compile(r"\b\d+(\.\d+)? ?(s|ms|[µμ]s|seconds?|minutes?)\b")

PATHS = find_notebooks()
PROJECTS = [NOTEBOOKS / "projects" / name for name in ("four-tops.ipynb", "template.ipynb")]
read = cache(read_notebook)
each_notebook = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
# The example projects are not numbered, but are stored in the same way.
each_stored = pytest.mark.parametrize("path", PATHS + PROJECTS, ids=lambda path: path.stem)


def code_lines(cell):
    return [line for line in cell.source.splitlines() if line.strip()]


def markdown_cells(path):
    return [cell for cell in read(path).cells if cell.cell_type == "markdown"]


def outline(path):
    return [heading for cell in read(path).cells for heading in headings(cell)]


def first_words(cell):
    return f"the Markdown cell that begins with {cell.source[:40]!r}"


def names(path, cells):
    return ", ".join(cell_name(read(path), cell) for cell in cells)


def test_notebooks_are_numbered_without_gaps():
    numbers = [path.name[:3] for path in PATHS]
    assert numbers == [f"{number:02}-" for number in range(len(PATHS))]
    assert numbers, f"There is no notebook in {NOTEBOOKS}."


def test_the_readme_lists_the_notebooks_in_order():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    linked = re.findall(r"\]\((notebooks/[^)]+\.ipynb)\)", readme)
    expected = [f"notebooks/{path.name}" for path in PATHS]
    assert list(dict.fromkeys(linked)) == expected, "Correct the table of contents in README.md."


@each_notebook
def test_the_readme_shows_a_figure_of_the_notebook(path):
    pictures = covers(read(path))
    assert len(pictures) == 1, "Tag one cell with a figure, and only one, `cover`."
    current = cover_path(path).is_file() and cover_path(path).read_bytes() == pictures[0]
    assert current, f"The cover is not the figure in the notebook: run {STORE} {path.stem[:2]}"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(
        rf'<img src="notebooks/.covers/{path.stem[:2]}\.png"[^>]* alt="[^"]+"', readme
    )
    assert shown, f"Show {cover_path(path).name} in README.md, with alt text."


@each_stored
def test_the_file_is_as_the_command_stores_it(path):
    notebook = read_notebook(path)
    tidy(notebook)
    same = as_stored(notebook) == path.read_text(encoding="utf-8")
    assert same, f"Metadata, ids, layout or a helper are not current: run {STORE} {path.stem[:2]}"


@each_stored
def test_every_code_cell_was_run_once_from_top_to_bottom(path):
    counts = [cell.execution_count for cell in code_cells(read(path))]
    in_order = counts == list(range(1, len(counts) + 1))
    assert in_order, f"Run the whole notebook: {STORE} {path.stem[:2]}"


@each_stored
def test_outputs_are_fit_to_be_stored(path):
    reasons = reasons_not_to_store(read(path))
    assert not reasons, "\n".join(reasons)


@each_stored
def test_no_cell_was_stored_with_an_error(path):
    failed = [
        cell
        for cell in code_cells(read(path))
        if any(output.output_type == "error" for output in cell.outputs)
    ]
    assert not failed, f"Repair {names(path, failed)}."


@each_stored
def test_no_output_shows_a_time(path):
    timed = [
        cell
        for cell in code_cells(read(path))
        if any(TIME.search(text) for output in cell.outputs for text in output_texts(output))
    ]
    assert not timed, f"A time differs in every run; don't print it in {names(path, timed)}."


@each_stored
def test_only_known_tags_are_used(path):
    notebook = read(path)
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        others = [tag for tag in tags if not re.fullmatch(r"data|cover|tol-.+", tag)]
        assert not others, f"{cell.source[:40]!r} has unknown tags: {others}."
        assert not (tags and cell.cell_type == "markdown"), (
            f"Remove the tags of {cell.source[:40]}."
        )
        tolerance(tags)


@each_stored
def test_sources_are_plain_python(path):
    for cell in code_cells(read(path)):
        name = cell_name(read(path), cell)
        assert not cell.source.rstrip().endswith(";"), (
            f"{name}: end with plt.show() or `_ =`, not `;`."
        )
        assert not re.search(r"^\s*(%{1,2}[a-z]|!)", cell.source, re.MULTILINE), (
            f"{name}: no magics and no shell commands."
        )
        assert not LOCAL_PATH.search(cell.source), f"{name}: this path exists on your machine only."


@each_notebook
def test_the_length_of_cells_and_notebook(path):
    notebook = read(path)
    assert 30 <= len(notebook.cells) <= 66, "A notebook has 30 to 66 cells."
    long = [cell for cell in code_cells(notebook) if len(code_lines(cell)) > 15]
    assert not long, f"More than 15 lines: split {names(path, long)}."
    median = statistics.median(len(code_lines(cell)) for cell in code_cells(notebook))
    assert median <= 6, "Half of the code cells should have no more than 6 lines."
    for cell in markdown_cells(path):
        words = re.sub(r"<[^>]+>", " ", cell.source).split()
        assert len(words) <= 150, f"{len(words)} words, at most 150: split {first_words(cell)}."


@each_stored
def test_the_file_is_small(path):
    assert path.stat().st_size <= 1.5e6, "More than 1.5 MB: draw smaller or fewer figures."


@each_stored
def test_headings_form_an_outline(path):
    levels = [level for level, _ in outline(path)]
    assert levels[0] == 1
    assert levels.count(1) == 1, "One heading `# …`, at the top."
    jumps = [title for (above, _), (level, title) in pairwise(outline(path)) if level > above + 1]
    assert not jumps, f"These headings are more than one level below the one before: {jumps}."


@each_stored
def test_a_cell_has_one_heading_at_most(path):
    """Minutes, notes and slides belong to the cell with the heading."""
    crowded = [cell for cell in read(path).cells if len(headings(cell)) > 1]
    assert not crowded, f"Split {', '.join(map(first_words, crowded))}."


@each_notebook
def test_there_is_a_summary(path):
    titles = [title.lower() for _, title in outline(path)]
    assert any("summary" in title for title in titles), "Add a section `## Summary`."


@each_notebook
def test_further_reading_ends_the_notebook(path):
    reading = read(path).cells[-1].source.partition("**Further reading:**\n\n")[2].splitlines()
    assert 2 <= len(reading) <= 4, "End with two to four links under **Further reading:**."
    for line in reading:
        well_formed = re.fullmatch(r"- \[[^\]]+\]\(https://[\w.-]+(/[^\s()]*)?\): \S.+\.", line)
        assert well_formed, f"Write - [title](https://…): why. instead of {line!r}"


def test_the_network_of_notebook_05_has_the_layers_of_the_helper():
    def layers_of(source):
        [layers] = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.List)]
        written = [ast.unparse(layer).removeprefix("layers.") for layer in layers.elts]
        return [layer for layer in written if layer != "*last_layers"]

    [source] = [c.source for c in code_cells(read(PATHS[5])) if c.source.startswith("network = ")]
    [shown] = [c.source for c in code_cells(read(PATHS[6])) if c.source.startswith("def network(")]
    assert layers_of(source) == layers_of(shown)


@each_stored
def test_the_first_code_cell_is_the_same_everywhere(path):
    first = [code_cells(read(each))[0].source for each in (PATHS[0], path)]
    assert first[1] == first[0], f"Copy the first code cell of {PATHS[0].name}."


@each_stored
def test_loaded_pictures_are_printed_and_marked_on_figures(path):
    tree = ast.parse("\n".join(cell.source for cell in code_cells(read(path))))
    calls = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and re.match(r"(data\.)?load\(", ast.unparse(node.value)):
            name = ast.unparse(node.targets[0])
            assert f"print({name})" in calls, f"Say which pictures these are: print({name})"
            assert f"plotting.mark_source({name}.source)" in calls, (
                f"Mark the figures: plotting.mark_source({name}.source)"
            )


@each_stored
def test_every_figure_has_alt_text(path):
    silent = [
        cell
        for cell in code_cells(read(path))
        for output in cell.outputs
        if "image/png" in output.get("data", {})
        and not output.metadata.get("image/png", {}).get("alt")
    ]
    assert not silent, f"Draw with helpers.plotting, which adds it, in {names(path, silent)}."


# The first part that may look at the test pictures: what comes before chooses.
TEST_SET_OPENS = {
    "07": "Exercise 7.6 · Who peeked?",
    "08": "Does it hold on new pictures?",
    "10": "Exercise 10.2 · Find the leak",
}


@pytest.mark.parametrize("number", TEST_SET_OPENS)
def test_nothing_looks_at_test_pictures_too_early(number):
    [path] = find_notebooks([number])
    looking = [
        part.title
        for part in parts(path)
        for cell in part.cells
        if cell.cell_type == "code" and re.search(r"\.test_(images|labels)", cell.source)
    ]
    assert looking[0] == TEST_SET_OPENS[number]
