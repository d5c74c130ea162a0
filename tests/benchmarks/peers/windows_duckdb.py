"""Orders and spend by window in DuckDB SQL: `python windows_duckdb.py LINES AS_OF FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

source, as_of, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])

# SQL below reads it by its name.
lines = duckdb.read_parquet(source)

duckdb.execute(
    """
    create table windows as
    with late as (
        select *, date_diff('day', InvoiceDate::date, $as_of::date) - 1 as days
        from lines
        where CustomerID is not null and Quantity * UnitPrice <> 0
    )
    select
        CustomerID as customer_id,
        case when days < 30 then 2 when days < 90 then 1 else 0 end as "window",
        count(distinct InvoiceNo) filter (InvoiceNo not like 'C%' and Quantity * UnitPrice > 0) as orders,
        sum(Quantity * UnitPrice) as spend
    from late
    where days between 0 and 179
    group by all
    """,
    {"as_of": as_of},
)
duckdb.table("windows").write_parquet(str(folder / "windows.parquet"))
