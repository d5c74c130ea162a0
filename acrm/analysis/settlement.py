"""What is due of every document, what was paid of it, and what became of every payment."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from acrm.analysis.matching import ALLOCATED, minor, nearest
from acrm.analysis.repeats import told_again
from acrm.analysis.side_by_side import rejected_cells

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.reconcile import Told

UNKNOWN = "unknown"
"""The state of every document where the sources hold no payments."""


def documents(entries: pl.DataFrame, window: int) -> pl.DataFrame:
    """Orders and deals in a fixed order, what is due of each; a won deal that an order tells of is that order."""
    import polars as pl

    order = ("on", "kind", "id", "currency")
    found = (
        entries.filter(pl.col("kind") != "payment")
        .sort(*order, "amount", "customer_id", "file", "row", nulls_last=True)
        .with_row_index("at")
        .with_columns(pl.col("at").cast(pl.Int64), standing=_standing())
    )
    due = found.filter(standing="due")
    deals, orders = (due.filter(kind=kind) for kind in ("deal", "order"))
    by_id = deals.join(orders.select(other="at", id="id"), on="id").select("at", "other", days=pl.lit(0, pl.Int64))
    alike = (
        deals.drop_nulls("party")
        .join(orders.select("party", "currency", "amount", since="on", other="at"), on=["party", "currency", "amount"])
        .select("at", "other", days=(pl.col("on") - pl.col("since")).dt.total_days().abs())
        .filter(pl.col("days") <= window)
    )
    rest = alike.join(by_id, on="at", how="anti").join(by_id, on="other", how="anti")
    same = pl.concat([nearest(by_id, "at", "other"), nearest(rest, "at", "other")])
    sold = same.join(found.select("at", also="id", sold_by="owner", sold_in="pipeline"), on="at")
    return (
        found.join(sold.drop("at", "days"), left_on="at", right_on="other", how="left")
        .join(same.select("at", gone=pl.lit(True)), on="at", how="left")
        .with_columns(
            standing=pl.when("gone").then(pl.lit("sold_as_order")).otherwise("standing"),
            owner=pl.coalesce("owner", "sold_by"),
            pipeline=pl.coalesce("pipeline", "sold_in"),
        )
        .with_columns(
            pl.when(pl.col("standing") == "due").then(minor(name)).otherwise(0).alias(made)
            for name, made in (("amount", "due"), ("gross", "gross"))
        )
        # A deal that an order tells of is called by the order alone.
        .with_columns(id_of=pl.col("id"), id=pl.when(pl.col("standing") != "sold_as_order").then("id"))
    )


def _standing() -> pl.Expr:
    import polars as pl

    return (
        pl.when((pl.col("standing") == "due") & pl.col("amount").is_null())
        .then(pl.lit("no_amount"))
        .otherwise("standing")
    )


def payments(entries: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    """Payments in a fixed order, their amounts in ten-thousandths (`amount`) and as they are (`money`).

    What another file tells again has `told_by`: the payment that counts.
    """
    import polars as pl

    content = ("on", "amount", "customer_id", "order_id", "deal_id", "purpose", "file", "row")
    found = entries.filter(kind="payment").sort(*content, nulls_last=True).with_row_index("at")
    found = found.with_columns(pl.col("at").cast(pl.Int64), money=pl.col("amount"), amount=minor("amount"))
    return told_again(found, documents["party"].drop_nulls().unique())


def states(documents: pl.DataFrame, parts: pl.DataFrame, as_of: date | None, *, known: bool) -> pl.DataFrame:
    """What was paid of each document, what is left, and since when."""
    import polars as pl

    paid = parts.group_by("document").agg(
        pl.col("amount").sum().alias("paid"),
        pl.col("amount").filter(pl.col("rule") == ALLOCATED).sum().alias("allocated"),
    )
    joined = documents.join(paid, left_on="at", right_on="document", how="left").with_columns(
        pl.col("paid", "allocated").fill_null(0)
    )
    balance = pl.col("due") - pl.col("paid")
    state = (
        pl.when(pl.col("standing") != "due")
        .then("standing")
        .when(not known)
        .then(pl.lit(UNKNOWN))
        .when(balance == 0)
        .then(pl.lit("paid"))
        .when(balance < 0)
        .then(pl.lit("overpaid"))
        .when(pl.col("paid") <= 0)
        .then(pl.lit("unpaid"))
        .otherwise(pl.lit("partly"))
    )
    late = pl.col("state").is_in(["unpaid", "partly"])
    return joined.with_columns(balance=balance, state=state).with_columns(
        days_overdue=pl.when(late).then((pl.lit(as_of, pl.Date) - pl.col("on")).dt.total_days())
    )


def spent(payments: pl.DataFrame, documents: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """What became of each payment; `document` is the first that it went to."""
    import polars as pl

    known = documents.select(document="at", name="id", what="kind", asked="on")
    went = (
        parts.join(known, on="document", how="left")
        .sort("payment", "asked", "document", nulls_last=True)
        .group_by("payment", maintain_order=True)
        .agg(
            pl.col("rule").first(),
            pl.col("name", "what").first(),
            pl.len().cast(pl.Int64).alias("documents"),
            pl.col("amount").filter(pl.col("rule") != ALLOCATED).sum().alias("matched"),
            pl.col("amount").filter(pl.col("rule") == ALLOCATED).sum().alias("allocated"),
        )
    )
    first = payments.select(told_by="at", told_as="id")
    joined = payments.join(went, left_on="at", right_on="payment", how="left").join(first, on="told_by", how="left")
    counted = pl.when(pl.col("told_by").is_null()).then("amount").otherwise(0)
    return joined.with_columns(pl.col("matched", "allocated", "documents").fill_null(0)).with_columns(
        unmatched=counted - pl.col("matched") - pl.col("allocated"),
        state=pl.when(pl.col("told_by").is_not_null())
        .then(pl.lit("repeated"))
        .when(pl.col("rule").is_null())
        .then(pl.lit("unmatched"))
        .when(pl.col("rule") == ALLOCATED)
        .then(pl.lit("allocated"))
        .otherwise(pl.lit("matched")),
    )


def explained(payments: pl.DataFrame, documents: pl.DataFrame, told: Told) -> pl.DataFrame:
    """Why a payment, or a part of one, belongs to nothing."""
    import polars as pl

    asked = pl.coalesce("order_id", "deal_id")
    content = ("on", "amount", "party", "order_id", "deal_id", "purpose")
    owing = documents.filter(standing="due").select("party").unique().with_columns(buys=pl.lit(True))
    rejected = rejected_cells(told.rejects).group_by("cell").agg(pl.col("rule").min().alias("rejected"))
    joined = (
        payments.with_columns(cell=asked.str.to_lowercase(), twin=pl.col("told_by").is_null().sum().over(content) > 1)
        .join(owing, on="party", how="left")
        .join(rejected, on="cell", how="left")
    )
    reason = (
        pl.when(pl.col("unmatched") == 0)
        .then(None)
        .when(pl.col("rejected").is_not_null())
        .then(pl.lit("rejected_row"))
        .when(pl.col("twin") & (pl.col("state") == "unmatched"))
        .then(pl.lit("repeated_payment"))
        .when(pl.col("state") == "allocated")
        .then(pl.lit("left_over"))
        .when(asked.is_not_null())
        .then(pl.lit("no_such_document"))
        .when(pl.col("amount") < 0)
        .then(pl.lit("given_back"))
        .when(pl.col("party").is_null())
        .then(pl.lit("no_customer"))
        .when(pl.col("buys").is_null())
        .then(pl.lit("no_documents"))
        .otherwise(pl.lit("nothing_owed"))
    )
    return joined.with_columns(reason=reason).sort("at")
