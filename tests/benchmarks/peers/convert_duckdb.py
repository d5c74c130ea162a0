"""A CSV or Parquet file as Parquet, nothing else, with DuckDB: `python convert_duckdb.py LINES FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

source, folder = sys.argv[1], Path(sys.argv[2])

lines = duckdb.read_csv(source) if source.endswith(".csv") else duckdb.read_parquet(source)
lines.write_parquet(str(folder / "lines.parquet"))
