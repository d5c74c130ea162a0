"""Who may be contacted: the scenario of every customer, what a contact costs and brings, who is kept apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from hashlib import blake2b
from typing import TYPE_CHECKING

from acrm.analysis.actions.scenarios import WORTH, Scenario, Scenarios
from acrm.errors import InputError
from acrm.messages import listed
from acrm.schema import dtype

if TYPE_CHECKING:
    import polars as pl

UNIT = Decimal("0.0001")
"""The unit in which money is counted."""
_PART = 10**6
"""Shares are whole numbers of this part."""
CONTACT, CONTROL, LEFT, NOT_WORTH, NO_VALUE, TOO_SOON, REFUSING = range(7)
FATES = ("contacts", "control", "left", "not_worth", "no_value", "too_soon", "refusing")
"""What becomes of a customer, by number; every customer has one."""


@dataclass(frozen=True)
class Line:
    """A segment with one of its scenarios, and what a contact of it costs in units.

    Not `priced`: nothing is known of what orders are worth, by which the scenario counts.
    """

    segment_id: str | int
    segment: str
    scenario: Scenario
    cost: int
    priced: bool


def known(segments: pl.DataFrame, scenarios: Scenarios, people: pl.DataFrame | None) -> pl.DataFrame:
    """The customers in order, with every column there may be, `refuses` and `last_contact`.

    Where no margin is known, it is the scenarios' share of the price; `by_rate` says so.
    """
    import polars as pl

    from acrm.summaries.customers import contactable

    money = dtype("money")
    kinds = {"stage": pl.String(), "margin": money, "spend": money, "last_contact": pl.Date()}
    rows = segments.select(
        name for name in ("customer_id", "segment_id", "segment", *kinds) if name in segments.columns
    )
    asked = segments.select("customer_id") if people is None else people
    refusing = asked.join(contactable(asked.lazy()).collect(), on="customer_id", how="anti")["customer_id"]
    if "last_contact" in asked.columns:
        rows = rows.join(
            asked.select("customer_id", "last_contact").unique("customer_id"), on="customer_id", how="left"
        )
    missing = {name: pl.lit(None, kind) for name, kind in kinds.items() if name not in rows.columns}
    rate = pl.lit(scenarios.margin_rate, pl.Float64)
    return (
        rows.with_columns(**missing, refuses=pl.col("customer_id").is_in(refusing.implode()))
        .with_columns(pl.col("margin", "spend").cast(money))
        .with_columns(by_rate=pl.col("margin").is_null() & pl.col("spend").is_not_null() & rate.is_not_null())
        .with_columns(margin=pl.when("by_rate").then(_rated(scenarios.margin_rate)).otherwise("margin"))
        .sort("customer_id")
    )


def _rated(rate: Decimal | None) -> pl.Expr:
    """A share of the price, without its fractions of a unit."""
    import polars as pl

    spend = pl.col("spend").to_physical().cast(pl.Int128)
    return (spend * _parts(rate or Decimal(0)) // _PART).cast(dtype("money")) * pl.lit(UNIT, dtype("money"))


def median_order(rows: pl.DataFrame) -> Decimal | None:
    """What an order usually is worth: by its price, else by its margin."""
    import polars as pl

    for name in ("spend", "margin"):
        worth = rows.filter(pl.col(name) > 0)[name].sort()
        if len(worth):
            return Decimal(worth[(len(worth) - 1) // 2])
    return None


def lined(rows: pl.DataFrame, scenarios: Scenarios, order: Decimal | None) -> tuple[pl.DataFrame, list[Line]]:
    """The customers with `line`, the place of their segment and scenario among the lines."""
    import polars as pl

    kinds = ["segment_id", "segment", "stage"]
    found, alone = [], []
    for id, segment, stage in rows.select(kinds).unique().sort(kinds, nulls_last=True).iter_rows():
        scenario = scenarios.of(segment, stage)
        if scenario is None:
            alone.append(segment if stage is None else f"{segment} / {stage}")
        else:
            found.append((id, segment, stage, scenario))
    if alone:
        raise InputError("scenarios_missing", name=scenarios.name, segments=listed(alone))
    told = {name for name in WORTH if rows[name].count()}
    place = {one.id: at for at, one in enumerate(scenarios.scenarios)}
    keys = sorted({(id, segment, place[one.id]) for id, segment, _, one in found})
    lines = []
    for id, segment, at in keys:
        one = scenarios.scenarios[at]
        priced = not (one.cost_share and order is None) and (one.value in told or one.value not in WORTH)
        lines.append(Line(id, segment, one, _cost(one, order) if priced else 0, priced))
    numbered = {key: number for number, key in enumerate(keys)}
    table = pl.DataFrame(
        [(id, segment, stage, numbered[id, segment, place[one.id]]) for id, segment, stage, one in found],
        schema={**{name: rows.schema[name] for name in kinds}, "line": pl.Int64()},
        orient="row",
    )
    return rows.join(table, on=kinds, how="left", nulls_equal=True, maintain_order="left"), lines


def _cost(scenario: Scenario, order: Decimal | None) -> int:
    """In units; a share of an order is rounded to hundredths, as nobody is billed less."""
    if scenario.cost_share and order is not None:
        return int((scenario.cost * order).quantize(Decimal("0.01"), ROUND_HALF_UP) / UNIT)
    return int((scenario.cost / UNIT).quantize(Decimal(1), ROUND_HALF_UP))


def valued(rows: pl.DataFrame, lines: Sequence[Line], as_of: date | None, seed: int) -> pl.DataFrame:
    """The customers with what a contact costs and brings, in units, who may be contacted, and who is control.

    Of a line without prices everybody who may be contacted is worth it, and all alike.
    """
    import polars as pl

    own = {name: pl.col(name).to_physical().cast(pl.Int64) for name in WORTH}
    of_line = pl.DataFrame(
        {
            "line": range(len(lines)),
            "priced": [line.priced for line in lines],
            "unit_cost": [line.cost for line in lines],
            "response": [_parts(line.scenario.response) for line in lines],
            "share": [float(line.scenario.control) for line in lines],
            "least": [line.scenario.min_control for line in lines],
            "gap": [line.scenario.min_gap for line in lines],
            "worth": [str(line.scenario.value) if line.scenario.value in WORTH else "" for line in lines],
            "fixed": [
                0 if line.scenario.value in WORTH else int(Decimal(line.scenario.value) / UNIT) for line in lines
            ],
        },
        schema_overrides=dict.fromkeys(("line", "unit_cost", "response", "least", "gap", "fixed"), pl.Int64),
    )
    value = pl.coalesce(
        pl.when(pl.col("worth") == "").then("fixed"),
        *(pl.when(pl.col("worth") == name).then(units) for name, units in own.items()),
    )
    response = pl.col("response").cast(pl.Int128)
    rested = pl.col("last_contact") + pl.duration(days=pl.col("gap")) > pl.lit(as_of, pl.Date)
    found = (
        rows.join(of_line, on="line", how="left", maintain_order="left")
        .with_columns(value=value)
        .with_columns(expected=((pl.col("value") * response + _PART // 2) // _PART).cast(pl.Int64))
        .with_columns(gain=pl.when("priced").then(pl.col("expected") - pl.col("unit_cost")).otherwise(1))
        .with_columns(
            fate=pl.when("refuses")
            .then(REFUSING)
            .when(rested.fill_null(False))
            .then(TOO_SOON)
            .when(pl.col("priced") & (pl.col("value") <= 0).fill_null(True))
            .then(NO_VALUE)
            .when(pl.col("gain") <= 0)
            .then(NOT_WORTH)
            .otherwise(LEFT)
        )
    )
    drawn = [
        _drawn(seed, customer) if fate == LEFT else None for customer, fate in found["customer_id", "fate"].iter_rows()
    ]
    place = pl.col("drawn").rank("ordinal").over("line")
    least = pl.min_horizontal(pl.col("least"), pl.col("drawn").count().over("line") // 2)
    control = (pl.col("drawn") < pl.col("share")) | (place <= least)
    return found.with_columns(drawn=pl.Series(drawn, dtype=pl.Float64)).with_columns(control=control.fill_null(False))


def _parts(share: Decimal) -> int:
    return int((share * _PART).quantize(Decimal(1), ROUND_HALF_UP))


def _drawn(seed: int, customer: str) -> float:
    """A number from 0 up to 1 that is always the same for a customer.

    >>> round(_drawn(0, "ann"), 6) == round(_drawn(0, "ann"), 6) != round(_drawn(1, "ann"), 6)
    True
    """
    return int.from_bytes(blake2b(f"{seed}:{customer}".encode(), digest_size=6).digest()) / 2**48
