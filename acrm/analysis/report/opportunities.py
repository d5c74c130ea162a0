"""Where money may come from next: open deals and offers by what they are expected to bring, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acrm.analysis.result import Result, Scalar
from acrm.messages import Message, text
from acrm.schema import dtype

if TYPE_CHECKING:
    import polars as pl

TOP = 20


@dataclass(frozen=True, kw_only=True)
class Opportunities:
    """The best of them.

    Attributes:
        tables: `opportunities`, the most expected first, then by kind and id: `kind` (`deal`, `offer`), `id` (of the
            deal, or of the product), `name`, `customer_id`, `expected`, `low`, `high` (Decimal: chance x what it
            brings; limits are those of the chance, null where none are known), `p` (chance of a deal), `owner`,
            `due_from`, `due_to`, `reason`.
        figures: `opportunities` shown, of so many (`opportunities_of`), and `opportunities_expected` of those shown.
        notes: What the sums do not say.
    """

    tables: dict[str, pl.DataFrame]
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def opportunities(results: Mapping[str, Any], limit: int = TOP) -> Opportunities | None:
    """The open deals and the best offer of each customer by expected value.

    What is expected comes in part without any effort: it is no effect. Deals of a customer and an offer to the same one
    may be the same purchase, so sums count of each customer the deals, or else the offer. None where there is neither.

    Args:
        results: `funnel` and `offers`, as far as there are any; where they are in two currencies, only the deals.
        limit: How many are listed.
    """
    import polars as pl

    funnel, offers = results.get("funnel"), results.get("offers")
    parts = []
    notes = []
    if funnel is not None:
        parts.append(_deals(funnel))
    if offers is not None:
        codes = {one.summary.get("currency") for one in (funnel, offers) if one is not None}
        if len(codes - {None}) > 1:
            notes.append(Message("report_decisions.two_currencies", {"codes": ", ".join(sorted(codes - {None}))}))
        else:
            parts.append(_offers(offers, parts[0] if parts else None))
    rows = pl.concat(parts).drop_nulls("expected").filter(pl.col("expected") > 0) if parts else None
    if rows is None or rows.is_empty():
        return None
    rows = rows.sort("expected", "kind", "id", "customer_id", descending=[True, False, False, False], nulls_last=True)
    top = rows.head(limit)
    notes.append(Message("report_decisions.expected_anyway"))
    figures: dict[str, Scalar] = {
        "opportunities": top.height,
        "opportunities_of": rows.height,
        "opportunities_expected": top["expected"].sum(),
    }
    return Opportunities(tables={"opportunities": top}, figures=figures, notes=tuple(notes))


_SHAPE = ("kind", "id", "name", "customer_id", "expected", "low", "high", "p", "owner", "due_from", "due_to", "reason")


def _deals(result: Result) -> pl.DataFrame:
    import polars as pl

    amounts = {"expected": "expected_amount", "low": "_low", "high": "_high"}
    rows = result.tables["open"].with_columns(
        _low=pl.col("p_win_low") * pl.col("if_won"), _high=pl.col("p_win_high") * pl.col("if_won")
    )
    return rows.select(
        pl.lit("deal").alias("kind"),
        pl.col("deal_id").alias("id"),
        "name",
        "customer_id",
        *(pl.col(ours).round(2).cast(dtype("money")).alias(name) for name, ours in amounts.items()),
        pl.col("p_win").alias("p"),
        "owner",
        pl.lit(None, pl.Date).alias("due_from"),
        pl.col("next_step_at").cast(pl.Date).alias("due_to"),
        "reason",
    ).select(_SHAPE)


def _offers(result: Result, deals: pl.DataFrame | None) -> pl.DataFrame:
    """The best offer of each customer without an open deal."""
    import polars as pl

    names = result.tables["products"].select("product_id", "product_name")
    best = result.tables["offers"].drop_nulls("expected_value")
    if deals is not None:
        best = best.join(deals.select("customer_id").drop_nulls(), on="customer_id", how="anti")
    best = best.sort("customer_id", "expected_value", "kind", "rank", descending=[False, True, False, False])
    best = best.unique("customer_id", keep="first", maintain_order=True).join(names, on="product_id", how="left")
    said = [
        text("report_decisions.offered", kind=text(f"offers.kind.{kind}"), reason=reason)
        for kind, reason in best.select("kind", "reason").iter_rows()
    ]
    none = {"low": dtype("money"), "high": dtype("money"), "p": pl.Float64(), "owner": pl.String()}
    return best.with_columns(
        pl.Series("reason", said, dtype=pl.String),
        pl.lit("offer").alias("kind"),
        pl.col("product_id").alias("id"),
        pl.coalesce("product_name", "product_id").alias("name"),
        pl.col("expected_value").alias("expected"),
        *(pl.lit(None, kind).alias(name) for name, kind in none.items()),
    ).select(_SHAPE)
