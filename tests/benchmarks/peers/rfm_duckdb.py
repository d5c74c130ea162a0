"""RFM in DuckDB SQL: `python rfm_duckdb.py LINES AS_OF FOLDER [MEMORY]`, MEMORY such as 2GB."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

source, as_of, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])

if len(sys.argv) > 4:
    duckdb.execute(f"set memory_limit = '{sys.argv[4]}'; set temp_directory = '{folder / 'spilled'}'")

# SQL below reads it by its name.
lines = duckdb.read_csv(source) if source.endswith(".csv") else duckdb.read_parquet(source)

duckdb.execute(
    """
    create table customers as
    select
        CustomerID as customer_id,
        min(InvoiceDate)::date as first_order_at,
        max(InvoiceDate)::date as last_order_at,
        date_diff('day', max(InvoiceDate)::date, ?::date) as days_since_last,
        count(distinct InvoiceNo) as orders,
        sum(Quantity * UnitPrice) as spend
    from lines
    where CustomerID is not null and InvoiceNo not like 'C%' and Quantity > 0 and UnitPrice > 0
    group by CustomerID
    """,
    [as_of],
)
duckdb.execute(
    """
    create table rfm as
    with edges as (
        select
            quantile_cont(days_since_last, [0.2, 0.4, 0.6, 0.8]) as days,
            quantile_cont(orders, [0.2, 0.4, 0.6, 0.8]) as orders,
            quantile_cont(spend, [0.2, 0.4, 0.6, 0.8]) as spend
        from customers
    ),
    scored as (
        select
            customers.*,
            5 - len(list_filter(edges.days, lambda edge: customers.days_since_last > edge)) as r,
            1 + len(list_filter(edges.orders, lambda edge: customers.orders > edge)) as f,
            1 + len(list_filter(edges.spend, lambda edge: customers.spend > edge)) as m
        from customers, edges
    )
    select
        *,
        case
            when r <= 2 and f <= 2 then 'hibernating'
            when r <= 2 and f <= 4 then 'at_risk'
            when r <= 2 then 'cant_lose'
            when r = 3 and f <= 2 then 'about_to_sleep'
            when r = 3 and f = 3 then 'need_attention'
            when r <= 4 and f >= 4 then 'loyal'
            when r = 4 and f = 1 then 'promising'
            when r = 5 and f = 1 then 'new'
            when f <= 3 then 'potential_loyalists'
            else 'champions'
        end as segment
    from scored
    order by customer_id
    """
)
duckdb.execute(
    """
    create table rfm_segments as
    select
        segment,
        count(*) as customers,
        sum(orders) as orders,
        sum(spend) as spend,
        median(days_since_last) as median_days
    from rfm
    group by segment
    """
)
for table in ("rfm", "rfm_segments"):
    duckdb.table(table).write_parquet(str(folder / f"{table}.parquet"))
