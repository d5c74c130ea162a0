"""Retention by cohort in DuckDB SQL: `python cohorts_duckdb.py LINES AS_OF FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

source, as_of, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])

# SQL below reads it by its name.
lines = duckdb.read_parquet(source)

duckdb.execute(
    """
    create table cohorts as
    with months as (
        select CustomerID as customer_id, date_trunc('month', InvoiceDate)::date as month
        from lines
        where CustomerID is not null and InvoiceNo not like 'C%' and Quantity > 0 and UnitPrice > 0
        group by all
    ),
    since as (select *, min(month) over (partition by customer_id) as cohort from months)
    select cohort, date_diff('month', cohort, month) as age, count(*) as active
    from since
    where month + interval 1 month <= $as_of::date
    group by all
    order by all
    """,
    {"as_of": as_of},
)
duckdb.table("cohorts").write_parquet(str(folder / "cohorts.parquet"))
