"""Orders, deals and payments as entries of one ledger, each counted once, to be held against each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

DEPARTMENTS = ("pipeline", "owner", "unit", "channel")
"""Columns that say whose an order or a deal is."""
_LINES = ("customer_id", "currency", "unit", "channel", "status", "is_refund", "is_test", "_flags", "_source_file")
_DEALS = ("customer_id", "amount", "currency", "created_at", "closed_at", *DEPARTMENTS[:2], "_flags", "_source_file")
_PAYMENTS = ("customer_id", "currency", "order_id", "deal_id", "purpose", "paid_on", "_flags", "_source_file")
_NUMBER = "x_order_id_in_source"


def ledger(tables: Mapping[str, pl.LazyFrame], zone: str | None = None) -> pl.LazyFrame:
    """Orders, deals and payments as entries; what is no claim on anybody is told apart, not left out.

    An order is the sum of its lines, refunds taken off whatever sign they are written with; lines that are cancelled or
    made for a test count only where the whole order is. A won deal that was made into order lines is the deal, with
    the amount of these lines.

    Args:
        tables: Canonical tables; of `transactions`, `deals`, `payments` and `customers` those that there are.
        zone: Time zone of the business day, for dates that the tables have as times alone.

    Returns:
        | column | meaning |
        |---|---|
        | `kind` | order, deal or payment |
        | `id`, `number` | order or deal id; the order's number in its source; for payments the place in the file |
        | `standing` | due; open (a deal not closed), cancelled (or lost), test; for payments null |
        | `party`, `customer_id` | the customer's company where it is known, else the customer |
        | `on` | day of the order, of the deal's close (else its start), of the payment |
        | `amount`, `gross` | Decimal; `gross` is before refunds |
        | `currency`, `pipeline`, `owner`, `unit`, `channel` | as far as told |
        | `order_id`, `deal_id`, `purpose` | what a payment says it is for |
        | `file`, `row` | where it stands |
    """
    import polars as pl

    made = [
        make(tables[name], zone)
        for name, make in (("transactions", _orders), ("deals", _deals), ("payments", _payments))
        if name in tables
    ]
    entries = pl.concat(made, how="diagonal_relaxed")
    if "deals" in tables and "transactions" in tables:
        entries = _with_deal_lines(entries, tables["transactions"])
    for name, kind in _schema().items():
        if name not in entries.collect_schema().names():
            entries = entries.with_columns(pl.lit(None, kind).alias(name))
    return _with_parties(entries, tables.get("customers")).select(*_schema())


def _schema() -> dict[str, pl.DataType]:
    import polars as pl

    text, money = pl.String(), pl.Decimal(38, 4)
    names = ("kind", "id", "number", "standing", "party", "customer_id")
    rest = ("currency", *DEPARTMENTS, "order_id", "deal_id", "purpose", "file")
    whole: dict[str, pl.DataType] = dict.fromkeys(names, text)
    whole |= {"on": pl.Date(), "amount": money, "gross": money} | dict.fromkeys(rest, text)
    return whole | {"row": pl.Int64()}


def _told(frame: pl.LazyFrame, names: tuple[str, ...]) -> pl.LazyFrame:
    """The table with every column named, null where it has none."""
    import polars as pl

    have = frame.collect_schema().names()
    empty = {"is_refund": pl.Boolean(), "is_test": pl.Boolean(), "amount": pl.Decimal(38, 4), "paid_on": pl.Date()}
    times = {"created_at", "closed_at"}
    return frame.with_columns(
        pl.lit(None, empty.get(name, pl.Datetime("us", "UTC") if name in times else pl.String())).alias(name)
        for name in names
        if name not in have
    )


def _flagged(flag: str) -> pl.Expr:
    import polars as pl

    return pl.col("_flags").str.contains(flag).fill_null(False)


def _orders(lines: pl.LazyFrame, _zone: str | None) -> pl.LazyFrame:
    import polars as pl

    number = pl.col(_NUMBER) if _NUMBER in lines.collect_schema().names() else pl.lit(None, pl.String)
    signed = _signed()
    out = pl.col("out")
    return (
        _told(lines, _LINES)
        .filter(~_flagged("from_deal"))
        .with_columns(
            out=pl.when(pl.col("is_test").fill_null(False))
            .then(pl.lit("test"))
            .when(pl.col("status") == "cancelled")
            .then(pl.lit("cancelled")),
            signed=signed,
            number=number,
        )
        .group_by(id="order_id", currency="currency")
        .agg(
            pl.col("number", "customer_id", "unit", "channel").drop_nulls().min(),
            pl.col("ordered_on").min().alias("on"),
            pl.when(out.is_null().any()).then(pl.lit("due")).otherwise(out.max()).alias("standing"),
            # What is left of an order counts; of one that is cancelled altogether, what it was about.
            pl.when(out.is_null().any())
            .then(pl.col("signed").filter(out.is_null()).sum())
            .otherwise(pl.col("signed").sum())
            .alias("amount"),
            pl.col("signed").filter(out.is_null() & (signed > 0)).sum().alias("gross"),
            pl.col("_source_file").min().alias("file"),
            pl.col("_source_row").min().cast(pl.Int64).alias("row"),
        )
        .with_columns(kind=pl.lit("order"))
    )


def _signed() -> pl.Expr:
    import polars as pl

    return pl.when(pl.col("is_refund").fill_null(False)).then(-pl.col("line_amount").abs()).otherwise("line_amount")


def _day(names: tuple[str, ...], zone: str | None) -> pl.Expr:
    import polars as pl

    time = pl.coalesce(names)
    return (time.dt.convert_time_zone(zone) if zone else time).dt.date()


def _deals(deals: pl.LazyFrame, zone: str | None) -> pl.LazyFrame:
    import polars as pl

    standing = (
        pl.when(_flagged("test_row"))
        .then(pl.lit("test"))
        .otherwise(pl.col("status").replace_strict({"won": "due", "lost": "cancelled"}, default="open"))
    )
    return _told(deals, _DEALS).select(
        *("customer_id", "currency", "pipeline", "owner", "amount"),
        kind=pl.lit("deal"),
        id="deal_id",
        standing=standing,
        on=_day(("closed_at", "created_at"), zone),
        gross="amount",
        file="_source_file",
        row="_source_row",
    )


def _with_deal_lines(entries: pl.LazyFrame, lines: pl.LazyFrame) -> pl.LazyFrame:
    """Entries whose deals have the day and the amount of the sales that were made of them."""
    import polars as pl

    sold = (
        _told(lines, _LINES)
        .filter(_flagged("from_deal"))
        .group_by(id="order_id", kind=pl.lit("deal"))
        .agg(pl.col("ordered_on").min().alias("sold_on"), _signed().sum().alias("sold"))
    )
    amount = pl.coalesce("sold", "amount")
    return entries.join(sold, on=["kind", "id"], how="left").with_columns(
        amount=amount,
        gross=pl.when(pl.col("kind") == "deal").then(amount).otherwise("gross"),
        on=pl.coalesce("sold_on", "on"),
    )


def _payments(payments: pl.LazyFrame, zone: str | None) -> pl.LazyFrame:
    import polars as pl

    return _told(payments, _PAYMENTS).select(
        *("customer_id", "currency", "order_id", "deal_id", "purpose", "amount"),
        kind=pl.lit("payment"),
        id=pl.concat_str("_source_file", pl.col("_source_row").cast(pl.String), separator=":"),
        on=pl.coalesce("paid_on", _day(("paid_at",), zone)),
        file="_source_file",
        row="_source_row",
    )


def _with_parties(entries: pl.LazyFrame, customers: pl.LazyFrame | None) -> pl.LazyFrame:
    """Entries with the company of their customer: a firm pays what one of its people has ordered."""
    import polars as pl

    if customers is None or "company_id" not in customers.collect_schema().names():
        return entries.with_columns(party="customer_id")
    companies = customers.select("customer_id", "company_id").drop_nulls().unique("customer_id")
    return entries.join(companies, on="customer_id", how="left").with_columns(
        party=pl.coalesce("company_id", "customer_id")
    )
