"""First answers against a limit, from the contacts of each deal or of its customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from acrm.analysis.funnel.ground import Ground, local
from acrm.analysis.holdout import wilson
from acrm.models.durations import Durations
from acrm.models.kaplan_meier import kaplan_meier

if TYPE_CHECKING:
    import polars as pl

_INCOMING = r"^(in|inbound|incoming|вход)"


@dataclass(frozen=True, kw_only=True)
class Answers:
    """`late`: deals answered too late or not yet; and of all deals asked how many that are."""

    late: pl.DataFrame
    asked: int
    answered: int
    waiting: int
    share: float | None
    low: float | None
    high: float | None
    median_hours: float | None
    days_only: bool
    """Whether deals are dated by day alone, so that hours are counted from midnight."""


def answers(ground: Ground, tables: Mapping[str, pl.LazyFrame], sla: float, tz: str | None) -> Answers | None:
    """Hours from a deal's creation to its first answer; None where no contact belongs to a deal.

    An answer is the first response that a contact records, else a contact that is not incoming; one before the deal was
    created is none of it. Contacts belong to a deal by its id, else, without one, by its customer. Asked are the deals
    of customers and ids that contacts are recorded of at all, open ones without an answer wait until today.

    | column | type | unit, range |
    |---|---|---|
    | `deal_id`, `owner`, `status` | String | |
    | `created_at` | Datetime | |
    | `hours` | Float64 | to the first answer, or so far |
    | `answered` | Boolean | |
    """
    import polars as pl

    frame = tables.get("interactions")
    contacts = None if frame is None else _answering(frame, tz)
    if contacts is None or contacts.is_empty():
        return None
    deals = ground.deals.drop_nulls("created_at").select(
        "deal_id", "customer_id", "owner", "status", "created_at", "closed_at"
    )
    by_deal = deals.join(contacts.drop_nulls("deal_id").drop("customer_id"), on="deal_id")
    loose = contacts.filter(pl.col("deal_id").is_null()).drop_nulls("customer_id").drop("deal_id")
    by_customer = deals.drop_nulls("customer_id").join(loose, on="customer_id")
    found = pl.concat(
        [by_deal.select("deal_id", "created_at", "at"), by_customer.select("deal_id", "created_at", "at")]
    )
    if found.is_empty():
        return None
    valid = (pl.col("at") >= pl.col("created_at")) & (pl.col("at") < ground.until)
    first = found.filter(valid).group_by("deal_id").agg(pl.col("at").min())
    asked = deals.filter(pl.col("deal_id").is_in(found["deal_id"].unique().implode()) | (pl.col("status") == "open"))
    asked = asked.join(first, on="deal_id", how="left")
    until = pl.coalesce("at", "closed_at", pl.lit(ground.until))
    asked = asked.with_columns(
        hours=((until - pl.col("created_at")) / pl.duration(hours=1)).cast(pl.Float64),
        answered=pl.col("at").is_not_null(),
    ).filter(pl.col("hours") >= 0)
    late = asked.filter((pl.col("hours") > sla) & (pl.col("answered") | (pl.col("status") == "open")))
    judged = asked.filter(pl.col("answered") | (pl.col("hours") > sla)).height
    curve = kaplan_meier(Durations.of_customers(asked["hours"].to_numpy(), asked["answered"].to_numpy()))
    low, high = wilson(late.height, judged)
    return Answers(
        late=late.select("deal_id", "owner", "status", "created_at", "hours", "answered").sort(
            -pl.col("hours"), "deal_id"
        ),
        asked=asked.height,
        answered=int(asked["answered"].sum()),
        waiting=int((~asked["answered"] & (asked["status"] == "open")).sum()),
        share=late.height / judged if judged else None,
        low=low,
        high=high,
        median_hours=curve.median if np.isfinite(curve.median) else None,
        days_only=_dated_by_day(deals),
    )


def _dated_by_day(deals: pl.DataFrame) -> bool:
    import polars as pl

    return bool(deals.select((pl.col("created_at").dt.truncate("1d") == pl.col("created_at")).all()).item())


def _answering(frame: pl.LazyFrame, tz: str | None) -> pl.DataFrame | None:
    """When contacts answered somebody: `deal_id`, `customer_id`, `at`."""
    import polars as pl

    have = frame.collect_schema().names()
    if not {"deal_id", "customer_id"} & set(have):
        return None
    texts = [
        pl.lit(None, pl.String).alias(name) for name in ("deal_id", "customer_id", "direction") if name not in have
    ]
    first = [] if "first_response_at" in have else [pl.lit(None, pl.Datetime("us", "UTC")).alias("first_response_at")]
    rows = frame.with_columns(*texts, *first).filter(pl.col("kind") != "web_visit")
    incoming = pl.col("direction").str.to_lowercase().str.contains(_INCOMING).fill_null(value=False)
    at = pl.coalesce("first_response_at", pl.when(~incoming).then("started_at"))
    return rows.select("deal_id", "customer_id", at=local(at, tz)).collect()
