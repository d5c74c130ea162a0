"""A CSV file as Parquet, nothing else, with Polars: `python convert_polars.py LINES FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

source, folder = sys.argv[1], Path(sys.argv[2])

lines = pl.scan_csv(source, schema_overrides={"InvoiceNo": pl.String, "CustomerID": pl.String}, try_parse_dates=True)
lines.sink_parquet(folder / "lines.parquet")
