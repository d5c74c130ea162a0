"""From parsed rows to rows of the canonical tables: what one row is, repeated totals, shared discounts, refunds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import polars as pl

from acrm.ingest import dates
from acrm.ingest.raw import ROW
from acrm.ingest.stage import Staged
from acrm.ingest.vocabulary import normalise
from acrm.messages import Message, number
from acrm.schema import TABLES, dtype

_LINE = "transactions."
_ORDER = "_order"
_MONEY = dtype("money")
_MANY_ORDERS = 5
"""Fewer orders of several lines than this do not prove that a total is repeated."""
_DOCUMENT_TYPES = {
    *("тип документа", "типдокумента", "вид операции", "видоперации", "тип операции", "типоперации"),
    *("тип начисления", "event type", "transaction type"),
}
"""Columns that say what a row is: "refund" there makes the row itself a refund, though its amount is positive."""


@dataclass(kw_only=True)
class Parts:
    """The canonical rows one source table gives, by table, still with its own customer references."""

    tables: dict[str, pl.LazyFrame]
    merged: int = 0
    """Good rows that repeat an entity another row made (a deal once per product)."""
    derived: int = 0
    """Rows made beside the source's own (a refund from an order's Refunded Amount)."""
    notes: list[Message] = field(default_factory=list)


def parts(staged: Staged, good: pl.LazyFrame) -> Parts:
    """Shape the good rows of a staged table into canonical tables.

    Args:
        staged: The parsed table.
        good: Its good rows with the column `ref`, the customer reference of the row (null when the row names none).
    """
    entity = staged.plan.entity
    if entity == "transactions":
        return _transactions(staged, good)
    if entity == "deals":
        return _deals(staged, good)
    if entity == "other":
        name = "other_" + (re.sub(r"\W+", "_", _stem(staged)).strip("_").lower() or "table")
        texts = [pl.col(column) for column in staged.extra]
        frame = good.select(pl.col(ROW).alias("row"), *texts, **_lineage(staged), _flags=pl.col("_flags"))
        return Parts(tables={name: frame})
    return Parts(tables={entity: _canonical(staged, good, entity)})


def _stem(staged: Staged) -> str:
    base = staged.raw.source.name.rsplit("/", 1)[-1].split(".")[0]
    return f"{base}_{staged.raw.sheet}" if staged.raw.sheet else base


def _lineage(staged: Staged) -> dict[str, pl.Expr]:
    return {"_source_file": pl.lit(staged.raw.name), "_source_row": pl.col(ROW).cast(pl.Int64)}


def _canonical(staged: Staged, good: pl.LazyFrame, table: str) -> pl.LazyFrame:
    """The rows as a canonical table: every column of the table there is a source for, extras, lineage, flags."""
    have = set(good.collect_schema().names())
    columns = [
        pl.col(f"{table}.{name}").alias(name)
        for name in TABLES[table].names
        if f"{table}.{name}" in have and name != "customer_id"
    ]
    if "customer_id" in TABLES[table].names:
        columns.append(pl.col("ref").alias("customer_id"))
    extras = [pl.col(name) for name in staged.extra if name in have]
    return good.select(*columns, *extras, **_lineage(staged), _flags=pl.col("_flags"))


def _transactions(staged: Staged, good: pl.LazyFrame) -> Parts:
    have = set(good.collect_schema().names())
    notes: list[Message] = []
    # A row without an order id is an order of its own.
    own = pl.concat_str(pl.lit("\0"), pl.col(ROW).cast(pl.String))
    good = good.with_columns(
        (pl.coalesce(f"{_LINE}order_id", own) if f"{_LINE}order_id" in have else own).alias(_ORDER)
    )
    if f"{_LINE}order_discount" in have:
        good = _share_discount(good, have)
    if _repeats_total(staged, good, have):
        notes.append(Message("ingest.repeated_totals", {"file": staged.raw.name}))
        good = _once(good, have)
    if f"{_LINE}_status_text" in have:
        # A word nobody knows stays as it is.
        known, said = pl.col(f"{_LINE}status"), pl.col(f"{_LINE}_status_text")
        good = good.with_columns(pl.coalesce(known, said.str.to_lowercase()).alias(f"{_LINE}status"))
    lines = _canonical(staged, good, "transactions")
    amount, quantity = pl.col("line_amount"), pl.col("quantity") if f"{_LINE}quantity" in have else pl.lit(None, _MONEY)
    given_back = pl.lit(False)
    if f"{_LINE}_status_text" in have:
        notes += _unknown_statuses(staged, lines)
        given_back = (pl.col("status") == "refunded") & (amount > 0)
    documents = any(normalise(header) in _DOCUMENT_TYPES for header in staged.plan.fields.get(f"{_LINE}status", ()))
    if documents:
        turned = [
            column for column in ("line_amount", "quantity") if f"{_LINE}{column}" in have or column == "line_amount"
        ]
        lines = lines.with_columns(
            pl.when(given_back).then(-pl.col(column)).otherwise(pl.col(column)).alias(column) for column in turned
        )
    lines = lines.with_columns(
        is_refund=((amount < 0) & (quantity.is_null() | (quantity < 0))).fill_null(False),
        is_test=pl.col("_flags").str.contains("test_row").fill_null(False),
        _flags=_mark(pl.col("_flags"), (amount < 0) & (quantity > 0), "negative_price"),
    )
    if f"{_LINE}refunded_amount" in have:
        refunds = _refund_rows(staged, good, have)
    elif f"{_LINE}_status_text" in have and not documents:
        # An order that has refund rows of its own needs none from its status.
        own_rows = (amount < 0).any().over("order_id") if f"{_LINE}order_id" in have else pl.lit(False)
        wholly = given_back & ~own_rows
        refunds = lines.filter(wholly).with_columns(
            line_amount=-amount, is_refund=pl.lit(True), _flags=_mark(pl.col("_flags"), pl.lit(True), "derived_refund")
        )
    else:
        return Parts(tables={"transactions": lines}, notes=notes)
    derived = int(refunds.select(pl.len()).collect().item())
    return Parts(tables={"transactions": pl.concat([lines, refunds], how="diagonal")}, derived=derived, notes=notes)


def _unknown_statuses(staged: Staged, lines: pl.LazyFrame) -> list[Message]:
    """Say which status words nobody knows: their orders count as sales."""
    strange = (
        lines.filter(~pl.col("status").is_in(["paid", "pending", "cancelled", "refunded"]))
        .group_by("status")
        .len()
        .sort("len", "status", descending=[True, False])
        .collect()
    )
    if strange.is_empty():
        return []
    named = ", ".join(f"{status} ({number(count)})" for status, count in strange.head(5).iter_rows())
    return [Message("ingest.unknown_statuses", {"file": staged.raw.name, "words": named})]


def _mark(flags: pl.Expr, when: pl.Expr, word: str) -> pl.Expr:
    marked = pl.concat_str([flags, pl.lit(word)], separator=" ", ignore_nulls=True)
    return pl.when(when.fill_null(False)).then(marked).otherwise(flags)


def _by_content(have: set[str]) -> list[str]:
    """What puts the lines of an order in order, whatever the order of the source's rows."""
    names = ("line_no", "product_id", "product_name", "quantity", "unit_price", "line_amount")
    return [name for column in names if (name := f"{_LINE}{column}") in have] + [ROW]


def _share_discount(good: pl.LazyFrame, have: set[str]) -> pl.LazyFrame:
    """Share an order's discount over its lines in proportion to their amounts, to the cent, the sum exact."""
    amount = pl.col(f"{_LINE}line_amount")
    total = amount.sum().over(_ORDER)
    discount = pl.col(f"{_LINE}order_discount").max().over(_ORDER)
    until = amount.cum_sum().over(_ORDER, order_by=_by_content(have))

    def given(part: pl.Expr) -> pl.Expr:
        """What of the discount belongs to the lines that make `part` of the total."""
        share = discount.cast(pl.Float64) * part.cast(pl.Float64) / total.cast(pl.Float64)
        return pl.when(part == total).then(discount).otherwise(share.round(2).cast(_MONEY))

    share = pl.when((discount > 0) & (total > 0)).then(given(until) - given(until - amount)).otherwise(pl.lit(0))
    own = pl.col(f"{_LINE}discount").fill_null(0) if f"{_LINE}discount" in have else pl.lit(0)
    return good.with_columns(share.cast(_MONEY).fill_null(0).alias("_share")).with_columns(
        (amount - pl.col("_share")).cast(_MONEY).alias(f"{_LINE}line_amount"),
        (own.cast(_MONEY) + pl.col("_share")).cast(_MONEY).alias(f"{_LINE}discount"),
        _flags=_mark(pl.col("_flags"), pl.col("_share") != 0, "shared_discount"),
    )


def _repeats_total(staged: Staged, good: pl.LazyFrame, have: set[str]) -> bool:
    """Whether the amount is the whole order's, written again on each of its lines.

    Only where the system is unknown or the amount is an order total: known systems say what their rows are.
    """
    from_total = staged.plan.has("transactions.order_total") and not staged.plan.has("transactions.line_amount")
    priced = staged.plan.has("transactions.quantity", "transactions.unit_price")
    if (
        f"{_LINE}order_id" not in have
        or (from_total and priced)
        or (staged.plan.system != "unknown" and not from_total)
    ):
        return False
    lined = staged.plan.has("transactions.product_id") or staged.plan.has("transactions.product_name")
    if not lined or (priced and not staged.plan.has("transactions.line_amount")):
        return False
    amount = pl.col(f"{_LINE}line_amount")
    if priced:
        product = pl.col(f"{_LINE}quantity") * pl.col(f"{_LINE}unit_price")
        if (good.select(((product - amount).abs() <= 1).mean()).collect().item() or 0) > 0.5:
            return False
    orders = (
        good.group_by(f"{_LINE}order_id")
        .agg(pl.len().alias("lines"), (amount.min() == amount.max()).alias("same"))
        .filter(pl.col("lines") > 1)
        .select(pl.len(), pl.col("same").mean())
        .collect()
    )
    count, same = orders.row(0)
    return bool(count >= (1 if from_total else _MANY_ORDERS) and same >= 0.95)


def _once(good: pl.LazyFrame, have: set[str]) -> pl.LazyFrame:
    """Leave an order's repeated total on its first line only."""
    first = pl.int_range(pl.len()).over(_ORDER, order_by=_by_content(have)) == 0
    amount = pl.col(f"{_LINE}line_amount")
    return good.with_columns(
        pl.when(first).then(amount).otherwise(pl.lit(0).cast(_MONEY)).alias(f"{_LINE}line_amount"),
        _flags=_mark(pl.col("_flags"), ~first, "order_total_once"),
    )


def _refund_rows(staged: Staged, good: pl.LazyFrame, have: set[str]) -> pl.LazyFrame:
    """One negative row per order that was refunded, dated as the order; cancelled where the order is.

    The amount is the order's refunded amount, all of its lines where only the status says so, and never more than its
    lines: what is given back may include shipping and tax, which are no part of them.
    """
    refunded, lines = pl.col(f"{_LINE}refunded_amount"), pl.col(f"{_LINE}line_amount")
    # One figure, once or repeated, is the order's; several figures are its lines'.
    positive = refunded.filter(refunded > 0)
    figure = pl.when(positive.n_unique() == 1).then(positive.max()).otherwise(positive.sum())
    said = pl.col(f"{_LINE}status") == "refunded" if f"{_LINE}status" in have else pl.lit(False)
    kept = [name for name in ("order_id", "ordered_at", "ordered_on", "currency", "status") if f"{_LINE}{name}" in have]
    rows = (
        good.filter(((refunded > 0) | said).any().over(_ORDER))
        .sort(ROW)
        .group_by(_ORDER, maintain_order=True)
        .agg(
            *(pl.col(f"{_LINE}{name}").first().alias(name) for name in kept),
            pl.when(figure > 0)
            .then(pl.min_horizontal(figure, lines.sum()))
            .otherwise(lines.sum())
            .alias("line_amount"),
            pl.col("ref").first().alias("customer_id"),
            pl.col("_flags").first(),
            pl.col(ROW).first(),
        )
        .filter(pl.col("line_amount") > 0)
    )
    # What was cancelled counts for nothing, and so does giving back what was paid for it.
    cancelled = pl.col("status") == "cancelled" if "status" in kept else pl.lit(False)
    return rows.select(
        *(name for name in kept if name != "status"),
        "customer_id",
        (-pl.col("line_amount")).cast(_MONEY).alias("line_amount"),
        pl.when(cancelled).then(pl.lit("cancelled")).otherwise(pl.lit("refunded")).alias("status"),
        pl.lit(True).alias("is_refund"),
        pl.col("_flags").str.contains("test_row").fill_null(False).alias("is_test"),
        **_lineage(staged),
        _flags=_mark(pl.col("_flags"), pl.lit(True), "derived_refund"),
    )


def _deals(staged: Staged, good: pl.LazyFrame) -> Parts:
    have = set(good.collect_schema().names())
    if "deals.deal_id" not in have:
        good = good.with_columns(pl.col("deals.name").alias("deals.deal_id"))
        have.add("deals.deal_id")
    closed = pl.col("deals.status") != "open"
    columns = []
    if "deals.closed_at" in have:
        expected = (
            pl.col("deals.expected_close_at") if "deals.expected_close_at" in have else pl.lit(None, dtype("datetime"))
        )
        columns = [
            pl.coalesce(expected, pl.when(~closed).then(pl.col("deals.closed_at"))).alias("deals.expected_close_at"),
            pl.when(closed).then(pl.col("deals.closed_at")).alias("deals.closed_at"),
        ]
    good = good.with_columns(columns)
    products = [name for name in ("product_id", "product_name") if f"{_LINE}{name}" in have]
    if products and "deals.product_id" not in have:
        good = good.with_columns(pl.coalesce(f"{_LINE}{name}" for name in products).alias("deals.product_id"))
    deals = _canonical(staged, good, "deals")
    tables = {}
    merged = 0
    if staged.plan.grain == "deal_line":
        names = deals.collect_schema().names()
        joined = [name for name in names if name == "product_id" or name.startswith("x_")]
        deals = (
            deals.sort("_source_row")
            .group_by("deal_id", maintain_order=True)
            .agg(
                *(pl.col(name).drop_nulls().first() for name in names if name not in ("deal_id", *joined)),
                *(pl.col(name).drop_nulls().unique(maintain_order=True).str.join("; ") for name in joined),
            )
            .select(names)
        )
        counts = good.select(pl.len(), pl.col("deals.deal_id").n_unique().alias("deals")).collect()
        merged = int(counts["len"][0]) - int(counts["deals"][0])
    if products:
        tables["deal_lines"] = _deal_lines(staged, good, have)
    if staged.plan.wide:
        tables["deal_stages"] = _wide_stages(staged, good)
    return Parts(tables={"deals": deals, **tables}, merged=merged)


def _deal_lines(staged: Staged, good: pl.LazyFrame, have: set[str]) -> pl.LazyFrame:
    """Product lines of won deals; a deal with a line that has no amount is left to `sales_of_deals` as a whole."""
    closed = [pl.col(name) for name in ("deals.closed_at", "deals.created_at") if name in have]
    names = ("product_id", "product_name", "category", "quantity", "unit_price", "line_amount", "currency")
    columns = [pl.col(f"{_LINE}{name}").alias(name) for name in names if f"{_LINE}{name}" in have]
    amount = pl.col(f"{_LINE}line_amount") if f"{_LINE}line_amount" in have else pl.lit(None, _MONEY)
    if {f"{_LINE}quantity", f"{_LINE}unit_price"} <= have:
        amount = pl.coalesce(amount, (pl.col(f"{_LINE}quantity") * pl.col(f"{_LINE}unit_price")).cast(_MONEY))
    product = pl.any_horizontal(
        pl.col(f"{_LINE}{name}").is_not_null() for name in ("product_id", "product_name") if f"{_LINE}{name}" in have
    )
    currency = (
        []
        if f"{_LINE}currency" in have or "deals.currency" not in have
        else [pl.col("deals.currency").alias("currency")]
    )
    priced = amount.is_not_null().all().over("deals.deal_id")
    return (
        good.filter((pl.col("deals.status") == "won") & product)
        .filter(priced)
        .select(
            pl.col("deals.deal_id").alias("order_id"),
            pl.col("ref").alias("customer_id"),
            pl.coalesce(*closed, pl.lit(None, dtype("datetime"))).alias("ordered_at"),
            *(column for column in columns if column.meta.output_name() != "line_amount"),
            *currency,
            amount.alias("line_amount"),
            **_lineage(staged),
            _flags=pl.col("_flags"),
        )
    )


def sales_of_deals(deals: pl.LazyFrame, lines: pl.LazyFrame | None, zone: str | None) -> pl.LazyFrame:
    """Won deals as transactions: their product lines where there are any, else one line with the deal's amount."""
    have = deals.collect_schema().names()
    closed = [pl.col(name) for name in ("closed_at", "created_at") if name in have]
    amount = pl.col("amount") if "amount" in have else pl.lit(None, _MONEY)
    whole = deals.filter((pl.col("status") == "won") & amount.is_not_null()).select(
        pl.col("deal_id").alias("order_id"),
        "customer_id",
        pl.coalesce(*closed, pl.lit(None, dtype("datetime"))).alias("ordered_at"),
        *(pl.col(name) for name in ("product_id", "currency", "campaign") if name in have),
        amount.alias("line_amount"),
        "_source_file",
        "_source_row",
        "_flags",
    )
    if lines is not None:
        whole = pl.concat([whole.join(lines, on="order_id", how="anti"), lines], how="diagonal")
    local = pl.col("ordered_at").dt.convert_time_zone(zone) if zone else pl.col("ordered_at")
    return whole.filter(pl.col("ordered_at").is_not_null() & pl.col("line_amount").is_not_null()).with_columns(
        ordered_on=local.dt.date(),
        status=pl.lit("paid"),
        is_refund=pl.col("line_amount") < 0,
        is_test=pl.col("_flags").str.contains("test_row").fill_null(False),
        _flags=_mark(pl.col("_flags"), pl.lit(True), "from_deal"),
    )


def _wide_stages(staged: Staged, good: pl.LazyFrame) -> pl.LazyFrame:
    """One row per deal and stage from columns such as `Date entered "Demo (Sales)"`."""
    found: dict[tuple[str, str | None], dict[str, str]] = {}
    for role, pattern in staged.plan.wide.items():
        for header in staged.raw.header:
            if match := re.search(pattern, header, re.IGNORECASE):
                named = match.groupdict()
                found.setdefault((named["stage"], named.get("pipeline")), {})[role] = header
    frames = []
    for (stage, pipeline), headers in found.items():
        times = {}
        for role in ("entered_at", "left_at"):
            if role not in headers:
                times[role] = pl.lit(None, dtype("datetime"))
                continue
            text = pl.col(f"wide:{headers[role]}").str.strip_chars()
            form = dates.decide(good.select(text.alias("t")).collect()["t"], staged.plan.date_order)
            times[role] = dates.instant(text, form, staged.decisions.source_zone)
        frames.append(
            good.select(
                pl.col("deals.deal_id").alias("deal_id"),
                pl.lit(stage).alias("stage"),
                pl.lit(pipeline, pl.String).alias("pipeline"),
                **times,
                **_lineage(staged),
                _flags=pl.lit(None, pl.String),
            ).filter(pl.col("entered_at").is_not_null())
        )
    if not frames:
        return pl.LazyFrame(schema={"deal_id": pl.String, "stage": pl.String, "entered_at": dtype("datetime")})
    return pl.concat(frames)
