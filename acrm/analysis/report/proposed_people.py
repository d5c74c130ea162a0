"""What could be done about customers: contacts of a plan, offers to those about to leave, reminders, calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from acrm.analysis.report.proposal import APART, Candidate, Proposal, distinct, money, some, words
from acrm.messages import LANGUAGES, catalogue, text

if TYPE_CHECKING:
    import polars as pl

CALLED = ("cant_lose", "at_risk")
"""Segments of RFM that are contacted where nothing better is known than the segment."""
FEWEST = 5
"""Customers whom a scenario must contact to be a decision."""
_AFTER = 30
"""Days after the deadline at which an effect is looked for, where no rhythm of the customers is known."""


def of_segment(result: Any) -> Iterator[Candidate]:
    """The contacts of a plan, one candidate per scenario: what they bring by the assumptions of the scenarios."""
    if "actions" not in result.tables:
        return
    lines = result.tables["budget"]
    for scenario in lines.filter(lines["contacts"] > 0)["scenario"].unique().sort():
        yield partial(_scenario, result, scenario)


def _scenario(result: Any, scenario: str, taken: pl.Series) -> Proposal | None:
    import polars as pl

    from acrm.models.power import control_needed

    actions = result.tables["actions"].filter(scenario=scenario)
    lines = result.tables["budget"].filter(scenario=scenario)
    actions = actions.filter(~pl.col("customer_id").is_in(taken.implode()))
    asked, apart = (actions.filter(pl.col("control") == side) for side in (False, True))
    if asked.height < FEWEST:
        return None
    line = lines.filter(pl.col("contacts") > 0).row(0, named=True)
    cost, effect, low, high = _margin(asked, lines)
    if effect is not None and effect <= 0:
        return None
    sizes = asked.group_by("segment").len().sort("len", "segment", descending=[True, False])
    needed = control_needed(asked.height, line["base"], line["response"])
    how = "none" if needed is None else "few" if apart.height < needed else "enough"
    due: Any = asked["due"].max()
    look = due + timedelta(days=int(result.summary.get("limit_active") or _AFTER)) if due else None
    currency = result.summary.get("currency")
    values = {
        "n": asked.height,
        "act": _capital(_action(line["action"])),
        "segments": some(sizes["segment"].to_list()),
        "channel": line["channel"],
        "each": money(None if cost is None else cost / asked.height, currency),
        "response": line["response"],
        "low": line["response_low"],
        "high": line["response_high"],
        "scenario": scenario,
        "control": apart.height,
        "needed": needed or 0,
        "day": look or text("report_decisions.day_later"),
    }
    unpriced = {} if effect is not None else {"reason": "reason_unpriced", "source": "source_unpriced"}
    return Proposal(
        **words("segment", "contact", values, check=f"check_{how}", **unpriced),
        key=scenario,
        of="customer",
        ids=distinct(asked["customer_id"]),
        n=asked.height,
        basis="assumed" if effect is not None else "not_separable",
        cost=cost,
        effect=effect,
        low=low,
        high=high,
        owner=line["owner"],
        due=due,
        apart=distinct(apart["customer_id"]),
    )


def _action(action: str) -> str:
    from acrm.analysis.actions.scenarios import action_name

    return action_name(action)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _margin(asked: pl.DataFrame, lines: pl.DataFrame) -> tuple[float | None, float | None, float | None, float | None]:
    """Cost of some contacts, and what they bring after it with the limits of the plan; None where nothing is priced."""
    import polars as pl

    from acrm.analysis.actions.actions import interval, sum_of_squares
    from acrm.analysis.actions.contacts import UNIT

    priced = asked.drop_nulls("expected_value")
    if priced.is_empty():
        return None, None, None, None
    expected, cost = Decimal(priced["expected_value"].sum()), Decimal(priced["cost"].sum())
    units = pl.col("expected_value").cast(pl.Float64) / pl.col("expected_response") / float(UNIT)
    worth = priced.select("segment_id", value=units.round().cast(pl.Int64))
    sums = worth.group_by("segment_id").agg(pl.col("value").sum(), sum_of_squares()).sort("segment_id")
    shares = lines.select("segment_id", "response_low", "response_high").unique("segment_id", keep="last")
    told = sums.join(shares, on="segment_id", how="left", nulls_equal=True, maintain_order="left")
    limits = told.select("response_low", "response_high", "value", "squares").rows()
    low, high = interval(limits, round(cost / UNIT))
    return float(cost), float(expected - cost), float(low), float(high)


def of_churn(result: Any) -> Iterator[Candidate]:
    """An offer to those about to leave for whom it pays; nothing where the model foretells no better than chance."""
    if (result.summary.get("roc_auc_low") or 1.0) > 0.5 and result.summary.get("contacts"):
        yield partial(_leaving, result)


def _leaving(result: Any, taken: pl.Series) -> Proposal | None:
    """The customers whose contact pays, but who are gone, refuse, or are taken care of already."""
    import numpy as np
    import polars as pl

    from acrm.analysis.churn.economics import least_control, offer_of
    from acrm.models.campaign import profit_interval

    figures = result.summary
    asked = [catalogue(lang)[f"churn.action.{word}"] for lang in LANGUAGES for word in ("call", "offer")]
    may = result.tables["customers"].filter(pl.col("action").is_in(asked)).select("customer_id", "action")
    weighed = result.economics.tables["customers"].filter("contact").join(may, on="customer_id")
    weighed = weighed.filter(~pl.col("customer_id").is_in(taken.implode())).sort("customer_id")
    if weighed.is_empty():
        return None
    success, incentive, contact = (float(figures[name]) for name in ("success", "incentive", "contact_cost"))
    value = weighed["value"].fill_null(figures["value_mean"]).to_numpy()
    gain = weighed["expected_gain"].to_numpy()
    # The gain of a contact says with which probability it was weighed.
    p = np.clip((gain + incentive + contact) / (success * (value - incentive) + incentive), 0.0, 1.0)
    offer = offer_of(float(figures["value_mean"]), result.params.costs)
    low, high = profit_interval(p, value, offer)
    n, leaving = weighed.height, float(p.mean())
    apart = round(APART * n)
    needed = least_control(n, 1 - leaving, float(success * leaving))
    how = "none" if needed is None else "few" if needed > apart else "enough"
    window = figures.get("window_days")
    as_of = figures.get("as_of")
    currency = figures.get("currency")
    rules = result.tables.get("metrics")
    alike = rules is not None and rules.filter(pl.col("verdict") != "better").drop_nulls("verdict").height > 0
    values = {
        "n": n,
        "leaving": leaving,
        "loss": money(float((p * value).sum()), currency),
        "contact": money(contact, currency),
        "incentive": money(incentive, currency),
        "success": success,
        "auc": figures.get("roc_auc") or 0.0,
        "apart": apart,
        "needed": needed or 0,
        "day": as_of + timedelta(days=int(window)) if as_of and window else text("report_decisions.day_later"),
    }
    return Proposal(
        **words("churn", "keep", values, check=f"check_{how}", source="source_alike" if alike else "source"),
        key="keep",
        of="customer",
        ids=distinct(weighed["customer_id"]),
        n=n,
        basis="assumed",
        cost=float((contact + (1 - p * (1 - success)) * incentive).sum()),
        effect=float(gain.sum()),
        low=low,
        high=high,
    )


def of_rfm(result: Any) -> Iterator[Candidate]:
    """The segments of RFM that are about to be lost: nothing is known of what a contact brings."""
    for segment in CALLED:
        rows = result.tables["segments"].filter(segment=segment)
        if rows.height and rows["customers"][0]:
            yield partial(_called, result, rows.row(0, named=True))


def _called(result: Any, row: dict[str, Any], taken: pl.Series) -> Proposal | None:
    import polars as pl

    found = result.tables["customers"].filter(segment=row["segment"])
    found = found.filter(~pl.col("customer_id").is_in(taken.implode()))
    if found.is_empty():
        return None
    values = {
        "n": found.height,
        "label": row["label"],
        "step": row["next_step"],
        "days": int(found["days_since_last"].median()),
        "spend": money(float(found["spend"].sum()), result.summary.get("currency")),
        "apart": round(APART * found.height),
    }
    return Proposal(
        **words("rfm", "call", values),
        key=str(row["segment"]),
        of="customer",
        ids=distinct(found["customer_id"]),
        n=found.height,
    )


def of_offers(result: Any) -> Iterator[Candidate]:
    """Reminders of what customers are due to buy again, where that list does better than popularity."""
    figures = result.summary
    own, rival = (
        [figures.get(f"{name}_{of}") or 0.0 for name in ("recall", "ndcg")] for of in ("repeat", "repeat_popularity")
    )
    if own > rival and "repeat" in str(figures.get("kinds_offered", "")).split(","):
        yield partial(_due_again, result)


def _due_again(result: Any, taken: pl.Series) -> Proposal | None:
    """The best offer of each customer whose usual time for it has come: what they will buy anyway is within it."""
    import polars as pl

    from acrm.models.power import smallest_effect

    figures = result.summary
    today = pl.lit(figures["as_of"])
    due = result.tables["offers"].filter(
        pl.col("kind") == "repeat",
        pl.col("due_from") <= today,
        pl.col("due_to") >= today,
        ~pl.col("customer_id").is_in(taken.implode()),
    )
    due = due.sort("customer_id", "rank").unique("customer_id", keep="first", maintain_order=True)
    if due.height < 2:
        return None
    valued = due["expected_value"].drop_nulls()
    hit = figures.get("hit_repeat") or 0.0
    half = due.height // 2
    shows = smallest_effect(due.height - half, half, hit)
    values = {
        "n": due.height,
        "recall": figures.get("recall_repeat") or 0.0,
        "rival": figures.get("recall_repeat_popularity") or 0.0,
        "tested": figures.get("tested_customers") or 0,
        "half": half,
        "points": 100 * shows if shows is not None else 0.0,
    }
    return Proposal(
        **words("offers", "remind", values, check="check" if shows is not None else "check_few"),
        key="repeat",
        of="customer",
        ids=distinct(due["customer_id"]),
        n=due.height,
        stake=float(valued.sum()) if valued.len() else None,
    )
