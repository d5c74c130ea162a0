"""Retention by cohort in pandas, the way it is taught: `python cohorts_pandas.py LINES AS_OF FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

source, as_of, folder = sys.argv[1], pd.Timestamp(sys.argv[2]), Path(sys.argv[3])

lines = pd.read_parquet(source, columns=["InvoiceNo", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"])
lines = lines.dropna(subset=["CustomerID"])
lines = lines[~lines["InvoiceNo"].str.startswith("C") & (lines["Quantity"] > 0) & (lines["UnitPrice"] > 0)]
lines["month"] = lines["InvoiceDate"].dt.to_period("M")
lines["cohort"] = lines.groupby("CustomerID")["month"].transform("min")
lines = lines[lines["month"] < as_of.to_period("M")]
cells = lines.groupby(["cohort", "month"])["CustomerID"].nunique().rename("active").reset_index()
cells["age"] = cells["month"].astype("int64") - cells["cohort"].astype("int64")
cells["cohort"] = cells["cohort"].dt.to_timestamp()
cells[["cohort", "age", "active"]].to_parquet(folder / "cohorts.parquet")
