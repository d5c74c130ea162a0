"""A CSV or Parquet file as Parquet, nothing else, with pandas: `python convert_pandas.py LINES FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

source, folder = sys.argv[1], Path(sys.argv[2])

if source.endswith(".csv"):
    lines = pd.read_csv(source, dtype={"InvoiceNo": str, "StockCode": str})
    lines["InvoiceDate"] = pd.to_datetime(lines["InvoiceDate"])
else:
    lines = pd.read_parquet(source)
lines.to_parquet(folder / "lines.parquet")
