"""What must be equal whoever made it: `python -m tests.benchmarks.figures FOLDER` prints it in one line.

Of a converted file or a store the number of lines; of an RFM result customers, orders and the spend to the penny.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb


def figures(folder: Path) -> str:
    """The line for what a program wrote into its folder."""
    if (rfm := folder / "rfm.parquet").exists():
        made = duckdb.read_parquet(str(rfm)).aggregate("count(*), sum(orders), sum(spend)::decimal(38, 2)")
        return "{} customers, {} orders, spend {}".format(*made.fetchall()[0])
    tables = [folder / name for name in ("lines.parquet", "transactions.parquet", "rejects.parquet")]
    rows = [len(duckdb.read_parquet(str(table))) for table in tables if table.exists()]
    return f"{sum(rows)} lines"


if __name__ == "__main__":
    sys.stdout.write(figures(Path(sys.argv[1])))
