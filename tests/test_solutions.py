"""Solutions fit into the notebooks' cells, and nothing that comes later depends on an answer."""

import ast
import re

import pytest

from helpers import NOTEBOOKS
from helpers.exercises import exercises_of
from helpers.exercises.judging import CORRECT, judge
from tools.instructor.assignment import context, find
from tools.instructor.solved import answer_of, fill_in, fill_in_all
from tools.notebooks import code_cells, find_notebooks, read_notebook

pytestmark = pytest.mark.slow

CHECK = re.compile(r'^check\("(\d+\.\d+)", ', re.MULTILINE)
MAKERS = {name: make for notebook in NOTEBOOKS for name, make in exercises_of(notebook).items()}
each_notebook = pytest.mark.parametrize("path", find_notebooks(), ids=lambda path: path.stem)


@each_notebook
def test_every_exercise_is_filled_in(path):
    notebook = read_notebook(path)
    starters = {cell.id: cell.source for cell in code_cells(notebook)}
    checked = {key: match[1] for key, text in starters.items() if (match := CHECK.search(text))}
    assert fill_in_all(notebook, int(path.stem[:2])) == checked
    unchanged = [cell.id for cell in code_cells(notebook) if cell.source == starters[cell.id]]
    assert not checked.keys() & set(unchanged)


@pytest.mark.parametrize("name", MAKERS)
def test_solution_is_correct_in_its_cell(name):
    made, place, verdicts = MAKERS[name](), find(name), []

    def check(exercise_id, answer):
        verdicts.append((exercise_id, judge(made, answer).outcome))

    namespace = {"check": check}
    exec(context([(place, made.solution)]), namespace)
    exec(fill_in(place.starter, made.solution), namespace)
    assert verdicts == [(name, CORRECT)]


def names_in(source, kind):
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    return {node.id for node in nodes if isinstance(node.ctx, kind)}


def defined_in(source):
    nodes = list(ast.walk(ast.parse(source)))
    functions = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    imported = {node.asname or node.name for node in nodes if isinstance(node, ast.alias)}
    return functions | imported | names_in(source, ast.Store)


@each_notebook
def test_no_later_cell_depends_on_an_answer(path):
    """Else a solved notebook, or a wrong answer, would change what the others see."""
    answers, wrong = set(), []
    for cell in code_cells(read_notebook(path)):
        if CHECK.search(cell.source):
            answers |= names_in(ast.unparse(answer_of(cell.source)), ast.Load)
        else:
            answers -= defined_in(cell.source)
            wrong += [
                f"{name}: {cell.source}" for name in answers & names_in(cell.source, ast.Load)
            ]
    assert not wrong
