"""Who is contacted, how and why: scenarios applied to segments, within a budget, with control groups kept apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from hashlib import blake2b
from math import sqrt
from typing import TYPE_CHECKING, Any

from acrm.analysis.actions.contacts import CONTACT, CONTROL, FATES, LEFT, UNIT, Line, known, lined, median_order, valued
from acrm.analysis.actions.gains import gains
from acrm.analysis.actions.scenarios import Scenarios
from acrm.analysis.result import Result, Scalar
from acrm.errors import InputError, UsageError
from acrm.messages import Message, listed, text
from acrm.schema import dtype

if TYPE_CHECKING:
    import polars as pl

_Z = 1.959964
"""The normal quantile of an interval of 95%."""


@dataclass(frozen=True, kw_only=True)
class ActionParams:
    """Within what limits actions are planned.

    Attributes:
        as_of: The day of the plan; None where no day is known: then nothing has a deadline.
        budget: What all contacts together may cost; None: whatever is worth its cost.
        seed: Start of the choice of control groups.
        currency: Of all money, where known.
    """

    as_of: date | None
    budget: Decimal | None = None
    seed: int = 0
    currency: str | None = None

    def __post_init__(self) -> None:
        if self.budget is not None and not (self.budget.is_finite() and self.budget >= 0):
            raise UsageError("segment_budget", value=self.budget)


@dataclass(frozen=True, kw_only=True)
class ActionsResult(Result):
    """Tables `actions`, `budget` and `gains`."""

    params: ActionParams


def plan(
    segments: pl.DataFrame, scenarios: Scenarios, people: pl.DataFrame | None, params: ActionParams
) -> ActionsResult:
    """Choose whom to contact, so that the contacts together bring most after their cost.

    A contact is expected to bring response x value. Nobody is contacted who refuses, who was contacted less than the
    scenario's gap ago, or whose contact costs more than it brings. Of the rest a fixed share, by a hash of the customer
    id and the seed, is kept apart as control: those are listed who would have been contacted otherwise.

    Args:
        segments: One row per customer: `customer_id`, `segment_id`, `segment`; `stage` where known; `margin` and
            `spend`, what one order of the customer leaves and costs, where known.
        scenarios: What to do.
        people: `customer_id`, `consent` and `last_contact` (Date), as far as known.
        params: See `ActionParams`.

    Returns:
        Table `actions`, sorted by customer:

        | column | type | unit, range |
        |---|---|---|
        | `customer_id` | String | |
        | `segment_id`, `segment` | as given | |
        | `scenario`, `action` | String | |
        | `reason` | String | a sentence |
        | `expected_value` | Decimal | response x value, before the cost; 0 for the control |
        | `cost` | Decimal | 0 for the control |
        | `expected_response` | Decimal | share, on top of who responds anyway |
        | `channel`, `owner` | String | |
        | `due` | Date | |
        | `control` | Boolean | kept apart, not contacted |
        | `decision_id` | String | the same for the same day, customer, action and scenario |

        Table `budget`, one row per segment and scenario: what becomes of its customers (`customers` is the sum of
        `contacts`, `control`, `left`, `not_worth`, `no_value`, `too_soon` and `refusing`), `cost`, `expected_value`,
        `expected_margin` (value less cost) with `margin_low` and `margin_high`, `control_needed` (None: too few are
        contacted for any control group) and `measurable`; and what is assumed: `base`, `response`, `response_low`,
        `response_high`.

        Table `gains`: see `gains.gains`.

    Raises:
        InputError: A segment has no scenario; or there is a budget, and nothing is known of what orders are worth,
            by which a scenario counts. Without a budget its actions have no expected value and no cost.
    """
    import numpy as np
    import polars as pl

    from acrm.models.allocation import allocate

    rows = known(segments, scenarios, people)
    rows, lines = lined(rows, scenarios, median_order(rows))
    if params.budget is not None and (unpriced := [line.scenario.id for line in lines if not line.priced]):
        raise InputError("scenarios_no_value", scenarios=listed(dict.fromkeys(unpriced)))
    rows = valued(rows, lines, params.as_of, params.seed)
    may = rows.filter(fate=LEFT)
    channels = [*dict.fromkeys(line.scenario.channel for line in lines)]
    asked = may.filter(~pl.col("control"))
    bought = allocate(
        asked["gain"].to_numpy(),
        asked["line"].to_numpy().astype(np.intp),
        [line.cost for line in lines],
        [channels.index(line.scenario.channel) for line in lines],
        None if params.budget is None else int(params.budget / UNIT),
        [line.scenario.cap for line in lines],
        {channels.index(channel): room for channel, room in scenarios.caps.items() if channel in channels},
    )
    chosen = asked.filter(pl.Series(bought.chosen)).select("customer_id", pl.lit(True).alias("chosen"))
    rows = _with_fates(rows, chosen)
    table = _budget(rows, lines)
    actions = _actions(rows, lines, params)
    figures = _figures(rows, table, lines, bought.cost, params)
    figures |= {"gap": _money(bought.gap), "margin_of_next": round(bought.marginal, 4)}
    return ActionsResult(
        params=params,
        tables={"actions": actions, "budget": table, "gains": gains(actions)},
        summary=figures,
        notes=tuple(_notes(rows, table, lines, scenarios, figures)),
    )


def _with_fates(rows: pl.DataFrame, chosen: pl.DataFrame) -> pl.DataFrame:
    """The customers with what becomes of each: who of the control would have been contacted stays control."""
    import polars as pl

    taken = pl.col("chosen").fill_null(False)
    last = pl.col("place").filter(taken).max().over("line")
    waiting = (pl.col("fate") == LEFT) & ~pl.col("control") & ~taken
    better = (pl.col("place") < last) | ~waiting.any().over("line")
    apart = (pl.col("fate") == LEFT) & pl.col("control") & last.is_not_null() & better
    return (
        rows.join(chosen, on="customer_id", how="left")
        .sort("line", "gain", "customer_id", descending=[False, True, False])
        .with_row_index("place")
        .with_columns(fate=pl.when(taken).then(CONTACT).when(apart).then(CONTROL).otherwise("fate"))
        .sort("customer_id")
    )


def _money(units: int) -> Decimal:
    return units * UNIT


def _budget(rows: pl.DataFrame, lines: Sequence[Line]) -> pl.DataFrame:
    import polars as pl

    from acrm.models.power import control_needed

    counts: dict[tuple[int, int], int] = {
        (line, fate): n for line, fate, n in rows.group_by("line", "fate").len().iter_rows()
    }
    sums = rows.filter(fate=CONTACT).group_by("line").agg(pl.col("expected", "value").sum(), sum_of_squares())
    worth = {line: tuple(of) for line, *of in sums.iter_rows()}
    found = []
    for number, line in enumerate(lines):
        one = line.scenario
        fates = {name: counts.get((number, fate), 0) for fate, name in enumerate(FATES)}
        expected, value, squares = worth.get(number, (0, 0, 0.0)) if line.priced else (0, 0, 0.0)
        cost = line.cost * fates["contacts"]
        low, high = interval([(float(one.low), float(one.high), value, squares)], cost)
        needed = control_needed(fates["contacts"], float(one.base), float(one.response))
        sums_ = {"cost": _money(cost), "expected_value": _money(expected), "expected_margin": _money(expected - cost)}
        sums_ |= {"margin_low": low, "margin_high": high}
        found.append(
            {
                "segment_id": line.segment_id,
                "segment": line.segment,
                "scenario": one.id,
                "action": one.action,
                "channel": one.channel,
                "owner": one.owner,
                "customers": sum(fates.values()),
                **fates,
                **(sums_ if line.priced else dict.fromkeys(sums_)),
                "control_needed": needed,
                "measurable": needed is not None and fates["control"] >= needed,
                "base": float(one.base),
                "response": float(one.response),
                "response_low": float(one.low),
                "response_high": float(one.high),
            }
        )
    money = dict.fromkeys(("cost", "expected_value", "expected_margin", "margin_low", "margin_high"), dtype("money"))
    whole = dict.fromkeys(("customers", *FATES, "control_needed"), pl.Int64())
    return pl.DataFrame(found, schema_overrides={**money, **whole}, infer_schema_length=None)


def sum_of_squares() -> pl.Expr:
    """The sum of the squares of `value`, exact, so that the order of summing does not show."""
    import polars as pl

    return (pl.col("value").cast(pl.Int128) * pl.col("value").cast(pl.Int128)).sum().alias("squares")


def interval(parts: Sequence[tuple[float, float, int, float]], cost: int) -> tuple[Decimal, Decimal]:
    """The lowest and highest margin that the assumed range of responses and chance (95%) leave room for.

    All responses are low together, or high together; around each stands what chance does to so many contacts.

    Args:
        parts: Lowest and highest response of a scenario, the sum of what responses would be worth in units, and the sum
            of its squares.
        cost: Of all contacts, in units.
    """
    ends = []
    for end, sign in ((0, -1), (1, 1)):
        shares = [((low, high)[end], value, squares) for low, high, value, squares in parts]
        mean = sum(share * value for share, value, _ in shares)
        spread = _Z * sqrt(sum(share * (1 - share) * float(squares) for share, _, squares in shares))
        most = sum(value for _, value, _ in shares)
        ends.append(Decimal(round(min(max(mean + sign * spread, 0), most)) - cost) * UNIT)
    return ends[0], ends[1]


def _actions(rows: pl.DataFrame, lines: Sequence[Line], params: ActionParams) -> pl.DataFrame:
    import polars as pl

    made = [
        (number, control, *_told(line, control, params))
        for number, line in enumerate(lines)
        for control in (True, False)
    ]
    texts = dict.fromkeys(("scenario", "action", "reason", "channel", "owner"), pl.String())
    schema = {
        "line": pl.Int64(),
        "control": pl.Boolean(),
        **texts,
        "due": pl.Date(),
        "expected_response": dtype("number"),
    }
    said = pl.DataFrame(made, schema=schema, orient="row")
    listed_ = rows.filter(pl.col("fate") <= CONTROL).with_columns(control=pl.col("fate") == CONTROL)
    listed_ = listed_.join(said, on=["line", "control"], how="left", maintain_order="left")
    keys = listed_.select("customer_id", "action", "scenario").iter_rows()
    ids = [_decision(params.as_of, *key) for key in keys]
    kind, money = dtype("money"), {"expected_value": "expected", "cost": "unit_cost"}
    listed_ = listed_.with_columns(pl.when("priced").then(units).alias(units) for units in money.values())
    return listed_.with_columns(
        pl.Series("decision_id", ids, dtype=pl.String),
        *(
            (pl.when("priced", "control").then(0).otherwise(units).cast(kind) * pl.lit(UNIT, kind)).alias(name)
            for name, units in money.items()
        ),
    ).select(
        *("customer_id", "segment_id", "segment", "scenario", "action", "reason", "expected_value", "cost"),
        *("expected_response", "channel", "owner", "due", "control", "decision_id"),
    )


def _told(line: Line, control: bool, params: ActionParams) -> tuple[object, ...]:
    one = line.scenario
    values: Mapping[str, object] = {
        "segment": line.segment,
        "response": float(one.response),
        "low": float(one.low),
        "high": float(one.high),
    }
    reason = text("segment_actions.reason.control" if control else "segment_actions.reason.contact", **values)
    due = params.as_of + timedelta(days=one.days) if params.as_of else None
    return one.id, one.action, reason, one.channel, one.owner, due, one.response


def _decision(as_of: date | None, customer: str, action: str, scenario: str) -> str:
    said = f"{as_of or ''}\x1f{customer}\x1f{action}\x1f{scenario}"
    return blake2b(said.encode(), digest_size=8).hexdigest()


def _figures(
    rows: pl.DataFrame, table: pl.DataFrame, lines: Sequence[Line], cost: int, params: ActionParams
) -> dict[str, Scalar]:
    import polars as pl

    from acrm.models.power import control_needed

    bought = rows.filter(fate=CONTACT)
    worth = bought.filter("priced")
    sums = worth.group_by("line").agg(pl.col("value").sum(), sum_of_squares()).sort("line")
    limits = [(float(line.scenario.low), float(line.scenario.high)) for line in lines]
    low, high = interval([(*limits[line], value, squares) for line, value, squares in sums.iter_rows()], cost)
    expected = int(worth["expected"].sum())
    contacted = table.filter(pl.col("contacts") > 0)
    weights = [
        (lines[line].scenario, customers) for line, customers in bought.group_by("line").len().sort("line").rows()
    ]
    base, extra = (
        sum(float(getattr(one, share)) * customers for one, customers in weights) / max(bought.height, 1)
        for share in ("base", "response")
    )
    return {
        "as_of": params.as_of,
        "currency": params.currency,
        "customers": rows.height,
        **{name: int(table[name].sum()) for name in FATES},
        "unpriced": bought.height - worth.height,
        "budget": params.budget,
        "cost": _money(cost),
        "budget_left": None if params.budget is None else params.budget - _money(cost),
        "expected_value": _money(expected),
        "expected_margin": _money(expected - cost),
        "margin_low": low,
        "margin_high": high,
        "control_needed": control_needed(bought.height, base, extra),
        "segments_contacted": contacted.height,
        "segments_unmeasurable": contacted.filter(~pl.col("measurable")).height,
    }


def _notes(
    rows: pl.DataFrame, table: pl.DataFrame, lines: Sequence[Line], scenarios: Scenarios, figures: Mapping[str, Any]
) -> list[Message]:
    import polars as pl

    found = [Message("segment_actions.assumed", {"name": scenarios.name})]
    if not (figures["contacts"] or figures["left"]):
        found.append(Message("segment_actions.nobody", {"customers": rows.height}))
    if figures["unpriced"]:
        found.append(Message("segment_actions.unpriced", {"customers": figures["unpriced"]}))
    by_margin = [number for number, line in enumerate(lines) if line.scenario.value == "margin"]
    customers = rows.filter(pl.col("by_rate") & pl.col("line").is_in(by_margin)).height
    if customers and scenarios.margin_rate is not None:
        found.append(Message("segment_actions.by_rate", {"customers": customers, "rate": float(scenarios.margin_rate)}))
    away = [name for name in ("too_soon", "no_value") if figures[name]]
    found += [Message(f"segment_actions.{name}", {"customers": figures[name]}) for name in away]
    small = table.filter((pl.col("contacts") > 0) & ~pl.col("measurable"))
    if small.height:
        named = [
            text("segment_actions.needs", segment=segment, control=control, needed=needed)
            if needed is not None
            else text("segment_actions.needs_more", segment=segment, contacts=contacts)
            for segment, control, needed, contacts in small.select(
                "segment", "control", "control_needed", "contacts"
            ).iter_rows()
        ]
        found.append(Message("segment_actions.small", {"segments": listed(named, 4)}))
    if figures["gap"]:
        found.append(Message("segment_actions.gap", {"gap": figures["gap"]}))
    return found
