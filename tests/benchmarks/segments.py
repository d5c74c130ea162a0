"""How long it takes to segment a million customers with 30 columns, beside plain scikit-learn on the same file.

    python -m tests.benchmarks.segments [CUSTOMERS]

Each runs in a process of its own, imports and reading included; shown are seconds by the clock and of CPU, peak memory,
how many segments were found and how well they agree with those planted (adjusted Rand index). acrm chooses k from
silhouette, gap statistic and stability and tests whether there is structure, all on 5,000 customers, and then fits
all; scikit-learn fits all for each k and takes the highest silhouette, see `peers/segments_sklearn.py`.

Customers are made up: five kinds, of 24 numbers (a quarter of them skewed, two thirds with something to tell) and 6
categories of 3 to 8 levels.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.measure import python, run

PEER = Path(__file__).parent / "peers" / "segments_sklearn.py"


def main() -> None:
    """Make the customers, run both programs and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.segments")
    parser.add_argument("customers", nargs="?", type=int, default=1_000_000)
    # How this file starts itself, each step in a process of its own.
    parser.add_argument("--step", choices=["made_up", "segmented"], help=argparse.SUPPRESS)
    parser.add_argument("--files", nargs="*", type=Path, default=[], help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step == "made_up":
        made_up(asked.customers, *asked.files)
    elif asked.step:
        segmented(*asked.files)
    else:
        compared(asked.customers)


def compared(customers: int) -> None:
    """Both programs on the same file."""
    own = python("-m", "tests.benchmarks.segments", customers)
    sys.stdout.write(f"{customers:,} customers, 30 columns\n")
    sys.stdout.write(f"{'':<16}{'wall s':>8}{'cpu s':>8}{'MB':>8}{'k':>4}{'agreement':>11}\n")
    with TemporaryDirectory(prefix="acrm-segments-") as name:
        source, result = Path(name) / "customers.parquet", Path(name) / "result.json"
        run([*own, "--step", "made_up", "--files", str(source)])
        programs = {"acrm": [*own, "--step", "segmented", "--files"], "scikit-learn": python(PEER)}
        for program, command in programs.items():
            cost = run([*command, str(source), str(result)])
            found = json.loads(result.read_text(encoding="utf-8"))
            figures = f"{cost.wall:>8.1f}{cost.cpu:>8.1f}{cost.memory:>8,.0f}{found['k']:>4}{found['agreement']:>11.3f}"
            sys.stdout.write(f"{program:<16}{figures}\n")
            sys.stdout.flush()


def made_up(customers: int, target: Path) -> None:
    """Customers of five kinds."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(0)
    truth = rng.choice(5, customers, p=[0.35, 0.25, 0.2, 0.12, 0.08])
    number_of = pl.int_range(customers).cast(pl.String).str.zfill(8)
    table = pl.select(customer_id=pl.format("C{}", number_of)).with_columns(truth=truth)
    for place in range(24):
        level = 2 * rng.standard_normal(5) if place < 16 else np.zeros(5)
        number = level[truth] + rng.standard_normal(customers)
        table = table.with_columns(pl.Series(f"n{place}", np.exp(number) if place % 4 == 0 else number))
    for place in range(6):
        levels = 3 + place
        chosen = np.where(rng.random(customers) < 0.4, truth % levels, rng.choice(levels, customers))
        table = table.with_columns(pl.Series(f"c{place}", chosen).cast(pl.String))
    table.write_parquet(target)


def segmented(source: Path, result: Path) -> None:
    """Segments by acrm."""
    import polars as pl

    from acrm.analysis.people.features import Feature
    from acrm.analysis.segment.clustering import ClusterParams, cluster

    table = pl.read_parquet(source)
    features = [
        Feature(name=name, axis="extra", kind="number" if name.startswith("n") else "category")
        for name in table.columns
        if name not in {"customer_id", "truth"}
    ]
    found = cluster(table.drop("truth"), features, ClusterParams())

    from sklearn.metrics import adjusted_rand_score

    agreement = adjusted_rand_score(table["truth"], found.members["segment_id"])
    result.write_text(json.dumps({"k": found.k, "agreement": agreement}), encoding="utf-8")


if __name__ == "__main__":
    main()
