"""The command `python -m tools.claims 07`: see the package."""

import argparse
import json
import sys
import time
from pathlib import Path

import nbformat
import numpy as np

from helpers import data
from tools.claims import (
    ACCOUNTS,
    DOCUMENTS,
    all_outputs,
    bands,
    find_printed,
    missing,
    outside,
    read_account,
    texts,
    unused,
)
from tools.notebooks import (
    execute,
    find_notebooks,
    print_any_letter,
    read_notebook,
    set_kernel_environment,
)

# Every seed in the notebook, and in the helpers that it calls, is moved by as much.
MOVE_SEEDS = """
import numpy as np
np.random.default_rng = lambda seed, start=np.random.default_rng: start(seed + {0})
from helpers.quiet_tensorflow import keras
keras.utils.set_random_seed = lambda seed, start=keras.utils.set_random_seed: start(seed + {0})
"""


def measure(path: Path, move: int) -> dict[str, float]:
    """Run a notebook with all seeds moved by `move`: the number of each of its bands."""
    number, notebook = path.stem[:2], read_notebook(path)
    computed = {name: band.value for name, band in bands(number).items() if band.value}
    pairs = "".join(f"{name!r}: float({value}),\n" for name, value in computed.items())
    show = f"import json\nprint('MEASURED', json.dumps({{{pairs}}}))"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(MOVE_SEEDS.format(move)))
    notebook.cells.append(nbformat.v4.new_code_cell(show))
    execute(notebook, path.parent.resolve())
    outputs, _, values = all_outputs(notebook).rpartition("MEASURED")
    printed = {
        name: find_printed(band.printed, outputs)
        for name, band in bands(number).items()
        if band.printed
    }
    return printed | json.loads(values)


def measure_over_seeds(path: Path, seeds: int) -> bool:
    """Measure a notebook with several seeds and print a table; is all within the bands?"""
    number, runs, sound = path.stem[:2], [], True
    for seed in range(seeds):
        start = time.monotonic()
        runs.append(measure(path, 10 * seed))
        wrong = outside(runs[-1], number)
        sound = sound and not wrong
        seconds = time.monotonic() - start
        print(f"seed {seed}, {seconds:.0f} s: {'; '.join(wrong) or 'all in band'}", flush=True)

    width = max(map(len, runs[0]))
    print(f"\n{'':{width}}     min    mean     max      sd    band")
    for name, band in bands(number).items():
        values = np.array([run[name] for run in runs])
        numbers = [values.min(), values.mean(), values.max(), values.std()]
        shown = " ".join(f"{value:7.4f}" for value in numbers)
        print(f"{name:{width}} {shown}    {band.low} … {band.high}")
    return sound


def list_differences(document: Path) -> bool:
    """Print the sentences that the account of a document lacks, and the entries to remove."""
    found, account = texts(document), read_account(document)
    for title, lines in (
        (f"To add to {ACCOUNTS.name}/{document.stem}.txt", missing(found, account)),
        ("To remove: no longer in the document", unused(found, account)),
    ):
        if lines:
            print(f"{title}:\n\n" + "\n".join(lines) + "\n")
    return not missing(found, account) and not unused(found, account)


def main() -> int:
    """List what an account lacks, or measure a notebook against its bands."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.claims", description="Hold the numbers in the prose to account."
    )
    parser.add_argument("notebook", nargs="?", help="its number, or the path of any document")
    parser.add_argument("--list", action="store_true", help="what the account lacks")
    parser.add_argument("--seeds", type=int, default=5, help="how many runs")
    options = parser.parse_args()
    if not options.notebook and not options.list:
        parser.error("which notebook?")
    paths = find_notebooks([options.notebook]) if options.notebook else DOCUMENTS
    if options.list:
        complete = [list_differences(path.resolve()) for path in paths]
        return 0 if all(complete) else 1
    if not bands(paths[0].stem[:2]):
        parser.error(f"{paths[0].name} has no bands: there is nothing to measure.")
    set_kernel_environment()
    data.load("fashion-mnist")  # the bands hold for the real pictures only
    return 0 if measure_over_seeds(paths[0], options.seeds) else 1


if __name__ == "__main__":
    print_any_letter()
    sys.exit(main())
