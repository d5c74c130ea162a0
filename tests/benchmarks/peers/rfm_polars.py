"""RFM in Polars: `python rfm_polars.py LINES AS_OF FOLDER`."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import polars as pl

source, as_of, folder = sys.argv[1], date.fromisoformat(sys.argv[2]), Path(sys.argv[3])

if source.endswith(".csv"):
    lines = pl.scan_csv(source, schema_overrides={"InvoiceNo": pl.String}, try_parse_dates=True)
else:
    lines = pl.scan_parquet(source)

day = pl.col("InvoiceDate").dt.date()
sold = lines.filter(
    pl.col("CustomerID").is_not_null(),
    ~pl.col("InvoiceNo").str.starts_with("C"),
    pl.col("Quantity") > 0,
    pl.col("UnitPrice") > 0,
)
customers = sold.group_by(pl.col("CustomerID").alias("customer_id")).agg(
    day.min().alias("first_order_at"),
    day.max().alias("last_order_at"),
    (pl.lit(as_of) - day.max()).dt.total_days().alias("days_since_last"),
    pl.col("InvoiceNo").n_unique().alias("orders"),
    (pl.col("Quantity") * pl.col("UnitPrice")).sum().alias("spend"),
)
table = customers.sort("customer_id").collect(engine="streaming")


def score(name: str, *, descending: bool = False) -> pl.Expr:
    """One to five by quintiles; equal values have equal scores."""
    edges = [table[name].quantile(share, "linear") for share in (0.2, 0.4, 0.6, 0.8)]
    above = pl.sum_horizontal((pl.col(name) > edge).cast(pl.Int64) for edge in edges)
    return 5 - above if descending else 1 + above


r, f = pl.col("r"), pl.col("f")
segment = (
    pl.when((r <= 2) & (f <= 2))
    .then(pl.lit("hibernating"))
    .when((r <= 2) & (f <= 4))
    .then(pl.lit("at_risk"))
    .when(r <= 2)
    .then(pl.lit("cant_lose"))
    .when((r == 3) & (f <= 2))
    .then(pl.lit("about_to_sleep"))
    .when((r == 3) & (f == 3))
    .then(pl.lit("need_attention"))
    .when((r <= 4) & (f >= 4))
    .then(pl.lit("loyal"))
    .when((r == 4) & (f == 1))
    .then(pl.lit("promising"))
    .when((r == 5) & (f == 1))
    .then(pl.lit("new"))
    .when(f <= 3)
    .then(pl.lit("potential_loyalists"))
    .otherwise(pl.lit("champions"))
)
rfm = table.with_columns(r=score("days_since_last", descending=True), f=score("orders"), m=score("spend")).with_columns(
    segment=segment
)
summary = rfm.group_by("segment").agg(
    pl.len().alias("customers"),
    pl.col("orders").sum(),
    pl.col("spend").sum(),
    pl.col("days_since_last").median().alias("median_days"),
)
rfm.write_parquet(folder / "rfm.parquet")
summary.sort("segment").write_parquet(folder / "rfm_segments.parquet")
