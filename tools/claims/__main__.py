"""The command `python -m tools.claims 07`: see the package."""

import argparse
import sys
import time

import numpy as np

from tools.claims import claims_of, outside
from tools.notebooks import set_kernel_environment


def main() -> int:
    """Measure over several seeds what a notebook says of its training."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.claims", description="Measure what a notebook claims of training."
    )
    parser.add_argument("notebook", type=int, help="its number")
    parser.add_argument("--seeds", type=int, default=5, help="how many: 0, 1, 2, …")
    options = parser.parse_args()
    set_kernel_environment()  # before TensorFlow is loaded
    claims = claims_of(options.notebook)

    runs = []
    for seed in range(options.seeds):
        start = time.monotonic()
        runs.append(claims.measure(seed))
        wrong = outside(runs[-1], claims.BANDS)
        seconds = time.monotonic() - start
        print(f"seed {seed}, {seconds:.0f} s: {'; '.join(wrong) or 'all in band'}", flush=True)

    width = max(map(len, runs[0]))
    print(f"\n{'':{width}}     min    mean     max      sd    band")
    for name in runs[0]:
        values = np.array([run[name] for run in runs])
        numbers = [values.min(), values.mean(), values.max(), values.std()]
        low, high = claims.BANDS.get(name, (np.nan, np.nan))
        print(f"{name:{width}} {' '.join(f'{value:7.4f}' for value in numbers)}    {low} … {high}")
    return 1 if any(outside(run, claims.BANDS) for run in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
