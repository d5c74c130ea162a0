"""RFM in pandas, the way it is taught: `python rfm_pandas.py LINES AS_OF FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

source, as_of, folder = sys.argv[1], pd.Timestamp(sys.argv[2]), Path(sys.argv[3])
columns = ["InvoiceNo", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"]
segments = {
    "[1-2][1-2]": "hibernating",
    "[1-2][3-4]": "at_risk",
    "[1-2]5": "cant_lose",
    "3[1-2]": "about_to_sleep",
    "33": "need_attention",
    "[3-4][4-5]": "loyal",
    "41": "promising",
    "51": "new",
    "[4-5][2-3]": "potential_loyalists",
    "5[4-5]": "champions",
}

if source.endswith(".csv"):
    lines = pd.read_csv(source, usecols=columns, dtype={"InvoiceNo": str})
    lines["InvoiceDate"] = pd.to_datetime(lines["InvoiceDate"])
else:
    lines = pd.read_parquet(source, columns=columns)

lines = lines.dropna(subset=["CustomerID"])
lines = lines[~lines["InvoiceNo"].str.startswith("C") & (lines["Quantity"] > 0) & (lines["UnitPrice"] > 0)]
lines["Spend"] = lines["Quantity"] * lines["UnitPrice"]

rfm = lines.groupby("CustomerID").agg(
    first_order_at=("InvoiceDate", "min"),
    last_order_at=("InvoiceDate", "max"),
    orders=("InvoiceNo", "nunique"),
    spend=("Spend", "sum"),
)
rfm["days_since_last"] = (as_of - rfm["last_order_at"].dt.normalize()).dt.days
rfm["r"] = pd.qcut(rfm["days_since_last"].rank(method="first"), 5, labels=[5, 4, 3, 2, 1]).astype(int)
rfm["f"] = pd.qcut(rfm["orders"].rank(method="first"), 5, labels=[1, 2, 3, 4, 5]).astype(int)
rfm["m"] = pd.qcut(rfm["spend"].rank(method="first"), 5, labels=[1, 2, 3, 4, 5]).astype(int)
rfm["segment"] = (rfm["r"].astype(str) + rfm["f"].astype(str)).replace(segments, regex=True)

summary = rfm.groupby("segment").agg(
    customers=("orders", "size"),
    orders=("orders", "sum"),
    spend=("spend", "sum"),
    median_days=("days_since_last", "median"),
)
rfm.reset_index(names="customer_id").to_parquet(folder / "rfm.parquet")
summary.reset_index().to_parquet(folder / "rfm_segments.parquet")
