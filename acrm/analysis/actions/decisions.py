"""Plans as decisions that a store keeps, and what the decisions and contacts of before mean for the next plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from acrm.analysis.actions.actions import ActionsResult
from acrm.schema import polars_schema

if TYPE_CHECKING:
    import polars as pl

_OTHERS = ("web_visit",)
"""Interactions in which nobody of the firm speaks to the customer."""
_INCOMING = r"(?i)^\s*(in|вход|eingehend|entrant)"


def decisions(result: ActionsResult) -> pl.DataFrame:
    """The actions of a plan as rows of the canonical table `decisions`, without what only a store adds."""
    import polars as pl

    made = result.tables["actions"].with_columns(
        made_at=pl.lit(result.params.as_of), currency=pl.lit(result.params.currency, pl.String)
    )
    return made.select(pl.col(name).cast(kind) for name, kind in polars_schema("decisions").items())


def people(tables: Mapping[str, pl.LazyFrame], as_of: date | None) -> pl.DataFrame:
    """Whom a plan may contact and when each was contacted last: `customer_id`, `consent`, `last_contact`.

    Args:
        tables: `customers`, `interactions` and `decisions`, as far as there are any.
        as_of: The day of the plan; None: no day is known, and nobody was contacted.
    """
    import polars as pl

    last = pl.DataFrame(schema={"customer_id": pl.String, "last_contact": pl.Date})
    if as_of is not None:
        last = last_contacts(tables.get("interactions"), tables.get("decisions"), as_of)
    asked = pl.DataFrame(schema={"customer_id": pl.String, "consent": pl.Boolean})
    customers = tables.get("customers")
    if customers is not None and "consent" in customers.collect_schema().names():
        asked = customers.select(asked.columns).unique("customer_id", keep="any").collect()
    return asked.join(last, on="customer_id", how="full", coalesce=True).sort("customer_id")


def last_contacts(interactions: pl.LazyFrame | None, decided: pl.LazyFrame | None, as_of: date) -> pl.DataFrame:
    """The day when each customer was contacted last, or is going to be.

    Web visits and what came from the customer do not count. A decision counts until its deadline, as the contact comes
    by then; those of the day of the plan do not, so that a plan made again is the same plan, nor does the control.

    Args:
        interactions, decided: The canonical tables, where there are any.
        as_of: The day of the plan; later interactions do not count.

    Returns:
        `customer_id`, `last_contact`, sorted; without those never contacted.
    """
    import polars as pl

    found = [pl.LazyFrame(schema={"customer_id": pl.String, "last_contact": pl.Date})]
    if interactions is not None:
        ours = ~pl.col("kind").is_in(_OTHERS)
        if "direction" in interactions.collect_schema().names():
            ours &= ~pl.col("direction").str.contains(_INCOMING).fill_null(False)
        day = pl.col("started_at").dt.date()
        found.append(interactions.filter(ours, day <= as_of).select("customer_id", day.alias("last_contact")))
    if decided is not None:
        before = (pl.col("made_at") < as_of) & ~pl.col("control").fill_null(False)
        found.append(decided.filter(before).select("customer_id", pl.col("due").alias("last_contact")))
    last = pl.concat(found).drop_nulls().group_by("customer_id").agg(pl.col("last_contact").max())
    return last.collect().sort("customer_id")
