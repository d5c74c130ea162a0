"""What a model of buying sees of each customer, by lifetimes: `python summary_lifetimes.py LINES AS_OF FOLDER`."""

from __future__ import annotations

import json
import sys
import warnings
from importlib import import_module
from pathlib import Path

import pandas as pd

source, as_of, folder = sys.argv[1], pd.Timestamp(sys.argv[2]), Path(sys.argv[3])
warnings.simplefilter("ignore")
# It need not be installed where this is checked.
summary_of = import_module("lifetimes").utils.summary_data_from_transaction_data
lines = pd.read_parquet(source, columns=["InvoiceNo", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"])
lines = lines.dropna(subset=["CustomerID"])
lines = lines[~lines["InvoiceNo"].str.startswith("C") & (lines["Quantity"] > 0) & (lines["UnitPrice"] > 0)]
lines["Spend"] = lines["Quantity"] * lines["UnitPrice"]
table = summary_of(lines, "CustomerID", "InvoiceDate", "Spend", observation_period_end=as_of)
same = {
    "customers": len(table),
    "frequency": float(table["frequency"].sum()),
    "recency": float(table["recency"].sum()),
    "age": float(table["T"].sum()),
    "mean": float(table["monetary_value"].sum()),
}
(folder / "figures.json").write_text(json.dumps({"same": same}), encoding="utf-8")
