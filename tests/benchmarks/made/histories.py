"""Made-up customers as a model of buying sees them: `python -m tests.benchmarks.made.histories CUSTOMERS FILE`.

They join over a year, are watched for another, and buy as BG/NBD has it with the parameters of CDNOW; one row each:
`frequency`, and in days `recency` and `age`. All are whole days, as in shops' data.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl

from tests.benchmarks.clv_coverage import order_days

SEEN = 730
"""Days from the first order of all to the end."""


def main(customers: int, target: Path) -> None:
    """Write the customers."""
    customer, day = order_days("bg-nbd", customers, np.random.default_rng(0))
    orders = pl.DataFrame({"customer": customer, "day": day.astype(np.int64)}).filter(pl.col("day") < SEEN)
    first, last = pl.col("day").min(), pl.col("day").max()
    known = orders.group_by("customer").agg(
        frequency=pl.col("day").n_unique() - 1, recency=last - first, age=SEEN - first
    )
    known.sort("customer").write_parquet(target)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
