"""The code of the notebooks, taken from their cells, so that what is measured is what is taught."""

import ast

from tools.benchmarks.measuring import CannotMeasureError
from tools.notebooks import code_cells, find_notebooks, read_notebook

NOTEBOOKS = find_notebooks()


def sources(number: str) -> list[str]:
    """The code cells of notebook "06"."""
    [path] = find_notebooks([number])
    return [cell.source for cell in code_cells(read_notebook(path))]


def cell_with(number: str, text: str) -> str:
    """The first code cell that has this text; CannotMeasureError if there is none."""
    for source in sources(number):
        if text in source:
            return source
    raise CannotMeasureError(
        f"Notebook {number} has no cell with {text!r}: name another in benchmarks."
    )


def definitions(number: str, *names: str) -> str:
    """All imports of the notebook, and the first statement that defines each of the names."""
    found, wanted = [], set(names)
    for source in sources(number):
        for statement in ast.parse(source).body:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                found.append(ast.unparse(statement))
            elif wanted & _defined_by(statement):
                wanted -= _defined_by(statement)
                found.append(ast.unparse(statement))
    if wanted:
        raise CannotMeasureError(
            f"Notebook {number} defines no {', '.join(sorted(wanted))}: name another in benchmarks."
        )
    return "\n".join(found)


def _defined_by(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef):
        return {statement.name}
    if isinstance(statement, ast.Assign):
        return {
            node.id
            for target in statement.targets
            for node in ast.walk(target)
            if isinstance(node, ast.Name)
        }
    return set()


def replaced(source: str, old: str, new: str) -> str:
    """The source with one thing changed; CannotMeasureError unless it is there exactly once."""
    if source.count(old) != 1:
        raise CannotMeasureError(f"{old!r} is not there exactly once: look at benchmarks. {source}")
    return source.replace(old, new)
