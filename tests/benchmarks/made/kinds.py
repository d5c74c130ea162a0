"""Made-up customers of five kinds: `python -m tests.benchmarks.made.kinds CUSTOMERS FILE`.

24 numbers, a quarter of them skewed, two thirds with something to tell, and 6 categories of 3 to 8 levels; `truth` is
the kind.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl


def main(customers: int, target: Path) -> None:
    """Write the customers."""
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


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
