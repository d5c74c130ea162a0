"""Orders and spend by window in pandas: `python windows_pandas.py LINES AS_OF FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

source, as_of, folder = sys.argv[1], pd.Timestamp(sys.argv[2]), Path(sys.argv[3])

lines = pd.read_parquet(source, columns=["InvoiceNo", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"])
lines = lines.dropna(subset=["CustomerID"])
lines["spend"] = lines["Quantity"] * lines["UnitPrice"]
lines["days"] = (as_of - lines["InvoiceDate"].dt.normalize()).dt.days - 1
lines = lines[(lines["spend"] != 0) & lines["days"].between(0, 179)]
lines["window"] = 2 - pd.cut(lines["days"], [-1, 29, 89, 179], labels=False)
bought = lines[~lines["InvoiceNo"].str.startswith("C") & (lines["spend"] > 0)]
keys = ["CustomerID", "window"]
table = lines.groupby(keys).agg(spend=("spend", "sum"))
table["orders"] = bought.groupby(keys)["InvoiceNo"].nunique()
table["orders"] = table["orders"].fillna(0).astype(int)
table.reset_index(names=["customer_id", "window"]).to_parquet(folder / "windows.parquet")
