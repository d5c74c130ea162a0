"""From parsed rows to rows of the canonical tables: what one row is, repeated totals, shared discounts, refunds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import polars as pl

from acrm.ingest import dates, orders, refunds, totals
from acrm.ingest import deals as found
from acrm.ingest.deals import SOLD_ON
from acrm.ingest.mapping import Plan
from acrm.ingest.raw import ROW
from acrm.ingest.stage import Staged
from acrm.messages import Message, listed, number
from acrm.schema import TABLES, dtype

_LINE = "transactions."
_ORDER = "_order"
_MONEY = dtype("money")
_ENDS = {"deals.status", "deals.stage", "deals.is_won"}
"""What may say how a deal ended."""


@dataclass(kw_only=True)
class Parts:
    """The canonical rows one source table gives, by table, still with its own customer references."""

    tables: dict[str, pl.LazyFrame]
    merged: int = 0
    """Good rows that repeat an entity another row made (a deal once per product)."""
    derived: int = 0
    """Rows made beside the source's own (a refund from an order's Refunded Amount)."""
    notes: list[Message] = field(default_factory=list)


def deciding(plan: Plan) -> set[str]:
    """Fields of orders that other columns depend on: what tells orders of one number apart, or totals from lines."""
    if not plan.free_form or plan.entity != "transactions":
        return set()
    found = set(orders.places(plan))
    if plan.has(f"{_LINE}line_amount") or not plan.has(f"{_LINE}quantity", f"{_LINE}unit_price"):
        found |= {f"{_LINE}product_id"} if plan.has(f"{_LINE}product_id") else {f"{_LINE}product_name"}
    return found


def parts(staged: Staged, good: pl.LazyFrame, who: pl.LazyFrame | None = None) -> Parts:
    """Shape the good rows of a staged table into canonical tables.

    Args:
        staged: The parsed table.
        good: Its good rows with the column `ref`, the customer reference of the row (null when the row names none).
        who: Which of those references are the same customer: `ref`, `customer_id`; None: each is one.
    """
    entity = staged.plan.entity
    if entity == "transactions":
        return _transactions(staged, good, who)
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
    extras = [pl.col(name) for name in (*staged.extra, orders.SOURCE_ID, SOLD_ON) if name in have]
    if table == "transactions" and f"{_LINE}_returned" in have:
        extras.append(pl.col(f"{_LINE}_returned").alias("_returned"))
    return good.select(*columns, *extras, **_lineage(staged), _flags=pl.col("_flags"))


def _transactions(staged: Staged, good: pl.LazyFrame, who: pl.LazyFrame | None) -> Parts:
    notes = list(staged.notes)
    if staged.plan.free_form and staged.plan.has(f"{_LINE}order_id"):
        good, reused = _told_apart(staged, good, who)
        if reused:
            notes.append(Message("ingest.numbers_reused", {"file": staged.raw.name, "n": reused}))
    have = set(good.collect_schema().names())
    # A row without an order id is an order of its own.
    own = pl.concat_str(pl.lit("\0"), pl.col(ROW).cast(pl.String))
    good = good.with_columns(
        (pl.coalesce(f"{_LINE}order_id", own) if f"{_LINE}order_id" in have else own).alias(_ORDER)
    )
    if f"{_LINE}order_discount" in have:
        good = totals.share_discount(good, have, _ORDER)
    repeats, why = totals.repeated(staged, good, have)
    notes += [why] if why else []
    if repeats:
        good = totals.once(good, have, _ORDER)
    else:
        notes += totals.differing(staged, good, have, _ORDER)
    worded = f"{_LINE}_status_text" in have
    if worded:
        # A word nobody knows stays as it is.
        known, said = pl.col(f"{_LINE}status"), pl.col(f"{_LINE}_status_text")
        good = good.with_columns(pl.coalesce(known, said.str.to_lowercase()).alias(f"{_LINE}status"))
    lines = _canonical(staged, good, "transactions")
    counted = f"{_LINE}quantity" in have
    amount = pl.col("line_amount")
    given_back = (pl.col("status") == "refunded") & (amount > 0) if worded else pl.lit(False)
    if worded:
        notes += _statuses(staged, lines)
    notes += _deleted(staged, good)
    if f"{_LINE}document_type" in have:
        # What the document is says which way its amount goes: its row is the refund itself.
        back = (pl.col("_returned") & (pl.col("status") == "refunded")).fill_null(False)
        lines = lines.with_columns(
            pl.when(back).then(-pl.col(column).abs()).otherwise(pl.col(column)).alias(column)
            for column in ("line_amount", *(["quantity"] if counted else []))
        )
    lines = _with_refunds(lines, counted=counted, worded=worded)
    if f"{_LINE}refunded_amount" in have or {f"{_LINE}refunded_quantity", f"{_LINE}quantity"} <= have:
        made = refunds.rows(good, have, _ORDER, _lineage(staged))
    elif worded:
        # An order that has refund rows of its own needs none from its status.
        own_rows = (amount < 0).any().over("order_id") if f"{_LINE}order_id" in have else pl.lit(False)
        made = refunds.of_status(lines, given_back & ~own_rows, counted=counted)
    else:
        return Parts(tables={"transactions": lines.drop("_returned", strict=False)}, notes=notes)
    derived = int(made.select(pl.len()).collect().item())
    whole = pl.concat([lines, made], how="diagonal").drop("_returned", strict=False)
    return Parts(tables={"transactions": whole}, derived=derived, notes=notes)


def _with_refunds(lines: pl.LazyFrame, *, counted: bool, worded: bool) -> pl.LazyFrame:
    """Order lines with what they are: refunds, tests, adjustments of a price.

    Args:
        lines: Canonical order lines.
        counted: Whether they have quantities.
        worded: Whether they have a status.
    """
    amount, quantity = pl.col("line_amount"), pl.col("quantity") if counted else pl.lit(None, _MONEY)
    returned = (amount < 0) & (pl.col("status") == "refunded").fill_null(False) if worded else pl.lit(False)
    if counted:
        # What is given back are pieces, too, whichever sign the source writes before them.
        lines = lines.with_columns(quantity=pl.when(returned).then(-quantity.abs()).otherwise(quantity))
    return lines.with_columns(
        is_refund=((amount < 0) & (quantity.is_null() | (quantity < 0) | returned)).fill_null(False),
        is_test=pl.col("_flags").str.contains("test_row").fill_null(False),
        _flags=totals.mark(pl.col("_flags"), (amount < 0) & (quantity > 0) & ~returned, "negative_price"),
    )


def _told_apart(staged: Staged, good: pl.LazyFrame, who: pl.LazyFrame | None) -> tuple[pl.LazyFrame, int]:
    """The rows with numbers that several orders share made different, and how many numbers that were."""
    plan, have = staged.plan, good.collect_schema().names()
    return orders.apart(
        good,
        order=f"{_LINE}order_id",
        customer="ref",
        day=f"{_LINE}ordered_on",
        amount=f"{_LINE}line_amount",
        places=[name for name in orders.places(plan) if name in have],
        days=orders.days_apart(plan),
        who=who,
        large=staged.large,
    )


def _deleted(staged: Staged, good: pl.LazyFrame) -> list[Message]:
    """Say how many lines a mark (deleted, not posted) has cancelled."""
    have, said = good.collect_schema().names(), []
    for name, mark in (("deleted", pl.col(f"{_LINE}deleted")), ("posted", ~pl.col(f"{_LINE}posted"))):
        if f"{_LINE}{name}" in have:
            rows = good.select(mark.fill_null(False).sum()).collect().item()
            values = {"file": staged.raw.name, "rows": int(rows), "column": staged.plan.fields[f"{_LINE}{name}"][0]}
            said += [Message("ingest.marked_deleted", values)] if rows else []
    return said


def _statuses(staged: Staged, lines: pl.LazyFrame) -> list[Message]:
    """Say which status words nobody knows, and how many lines are not paid yet: they count as sales."""
    counts = (
        lines.filter(~pl.col("status").is_in(["paid", "cancelled", "refunded"]))
        .group_by("status")
        .len()
        .sort("len", "status", descending=[True, False])
        .collect()
    )
    pending = counts.filter(pl.col("status") == "pending")["len"].sum()
    strange = counts.filter(pl.col("status") != "pending").iter_rows()
    named = listed(f"{status} ({number(count)})" for status, count in strange)
    said = [Message("ingest.unknown_statuses", {"file": staged.raw.name, "words": named})] if named else []
    return [*said, *([Message("ingest.pending", {"file": staged.raw.name, "rows": int(pending)})] if pending else [])]


def _deals(staged: Staged, good: pl.LazyFrame) -> Parts:
    have = set(good.collect_schema().names())
    reused = 0
    if "deals.deal_id" not in have:
        good, reused = found.with_ids(good, lined=staged.plan.grain == "deal_line")
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
    days = [pl.col(name) for name in ("deals.closed_on", "deals.created_on") if name in have]
    good = good.with_columns(*columns, pl.coalesce(*days, pl.lit(None, pl.Date)).alias(SOLD_ON))
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
            .with_columns(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in joined)
            .select(names)
        )
        counts = good.select(pl.len(), pl.col("deals.deal_id").n_unique().alias("deals")).collect()
        merged = int(counts["len"][0]) - int(counts["deals"][0])
    if products:
        tables["deal_lines"] = _deal_lines(staged, good, have)
    if staged.plan.wide:
        tables["deal_stages"] = _wide_stages(staged, good)
    notes = found.conflicts(deals, staged.raw.name) if len(staged.plan.fields.keys() & _ENDS) > 1 else []
    if reused:
        notes.append(Message("ingest.names_reused", {"file": staged.raw.name, "n": reused}))
    return Parts(
        tables={"deals": found.begun(staged.plan, deals), **tables}, merged=merged, notes=[*staged.notes, *notes]
    )


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
            SOLD_ON,
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
        *(pl.col(name) for name in ("product_id", "currency", "campaign", SOLD_ON) if name in have),
        amount.alias("line_amount"),
        "_source_file",
        "_source_row",
        "_flags",
    )
    if lines is not None:
        lines = found.as_won(deals, lines)
        whole = pl.concat([whole.join(lines, on="order_id", how="anti"), lines], how="diagonal")
    local = (pl.col("ordered_at").dt.convert_time_zone(zone) if zone else pl.col("ordered_at")).dt.date()
    written = [pl.col(SOLD_ON)] if SOLD_ON in whole.collect_schema().names() else []
    sold = whole.filter(pl.col("ordered_at").is_not_null() & pl.col("line_amount").is_not_null()).with_columns(
        ordered_on=pl.coalesce(*written, local),
        status=pl.lit("paid"),
        is_refund=pl.col("line_amount") < 0,
        is_test=pl.col("_flags").str.contains("test_row").fill_null(False),
        _flags=totals.mark(pl.col("_flags"), pl.lit(True), "from_deal"),
    )
    return sold.drop(SOLD_ON, strict=False)


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
