"""What to do with each product, and why, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from acrm.messages import text

if TYPE_CHECKING:
    import polars as pl

NEW = 91
"""A product first sold so many days ago or fewer is new: nothing is proposed to be taken out that is."""
BUYERS = 10
"""Customers that a product needs to be promoted."""
MAY_PULL = 1.25
"""From such a pull on a product is not proposed for removal, though its limits take in 1."""
LOW_COVER = 14
"""Days of cover below which a product is short."""
YEAR = 365.25


@dataclass(frozen=True, kw_only=True)
class Usual:
    """What products are measured by.

    Attributes:
        repeat_rate: Of all pairs of a customer and a product of theirs, the share that came back for it.
        margin_rate: Of all revenue with known costs; None where none are known.
        reach: Of the median product of class A: the share of the customers who have it.
        customers: All customers who are known.
        days: From the first sale to today.
    """

    repeat_rate: float | None
    margin_rate: float | None
    reach: float | None
    customers: int
    days: int | None


def decided(table: pl.DataFrame, usual: Usual, as_of: date | None, dead_days: int) -> pl.DataFrame:
    """The table with `action`, `reason` and `expected_value`; the first rule that fits decides.

    | action | when |
    |---|---|
    | withdrawn | the catalogue says that it is no longer sold, and nothing is on hand |
    | clear | units are on hand, and it is withdrawn, or nothing was sold for `dead_days` and it is out of season |
    | restock | not class C, sold within `dead_days`, and units for less than two weeks are on hand |
    | promote | buyers come back for it more than is usual (lower limit), its margin is no less than usual (where costs
      are known), and fewer customers have it than the median product of class A |
    | remove, watch or keep | class C by revenue and margin, not X: see `_small` |
    | keep | everything else |

    Args:
        table: All columns of the main table up to here, and `repeat_low`, `brings_low`, `first_on`, `is_active`,
            `season_from`, `season_to`.
        usual: What is usual.
        as_of: Today; None where no sale has a date.
        dead_days: See `ProductsParams`.
    """
    import polars as pl

    words = [_decide(row, usual, as_of, dead_days) for row in table.iter_rows(named=True)]
    schema: dict[str, Any] = {"action": pl.String, "reason": pl.String, "expected_value": pl.Decimal(38, 4)}
    return table.hstack(pl.DataFrame(words, schema=schema, orient="row"))


Decision = tuple[str, str, Decimal | None]


def _decide(row: dict[str, Any], usual: Usual, as_of: date | None, dead_days: int) -> Decision:
    on_hand, since = row["on_hand"], row["days_since_last"]
    if row["is_active"] is False:
        return _stuck(row, "withdrawn_stock") if on_hand and on_hand > 0 else ("withdrawn", _why("withdrawn"), None)
    dead = since is None or since > dead_days
    if on_hand is not None and as_of is not None:
        if on_hand > 0 and dead and not (row["season_from"] and _in_season(row, as_of)):
            return _stuck(row, "never_sold" if since is None else "dead")
        small = _class_c(row)
        if not dead and not small and row["days_cover"] is not None and row["days_cover"] < LOW_COVER:
            return _short(row, usual)
    if (median := _worth_promoting(row, usual)) is not None:
        return _promoted(row, usual, median)
    if not _class_c(row):
        margin = _why("by_margin", margin=row["abc_margin"]) if row["abc_margin"] else ""
        return "keep", _why("class", revenue=row["abc"]) + margin + (f", {row['xyz']}" if row["xyz"] else ""), None
    return _small(row, usual, as_of)


def _why(key: str, **values: object) -> str:
    return text(f"products.reason.{key}", **values)


def _class_c(row: dict[str, Any]) -> bool:
    return row["abc"] == "C" and row["abc_margin"] in ("C", None)


def _stuck(row: dict[str, Any], key: str) -> Decision:
    value = row["stock_value"]
    reason = _why(key, units=row["on_hand"], days=row["days_since_last"])
    return "clear", reason + (_why("tied_up", value=value) if value else ""), value


def _short(row: dict[str, Any], usual: Usual) -> Decision:
    brought = row["margin"] if row["margin"] is not None else row["revenue"]
    daily = float(brought) / usual.days if brought is not None and usual.days else None
    values = {"units": row["on_hand"], "cover": row["days_cover"], "revenue": row["abc"]}
    reason = _why("none_left" if row["on_hand"] <= 0 else "short", **values)
    return "restock", reason, None if daily is None else _money(daily * (LOW_COVER - row["days_cover"]))


def _worth_promoting(row: dict[str, Any], usual: Usual) -> float | None:
    """The reach that it might have, None if it is not to be promoted."""
    if usual.repeat_rate is None or usual.reach is None or row["customers"] < BUYERS:
        return None
    rich = usual.margin_rate is None or (row["margin_rate"] is not None and row["margin_rate"] >= usual.margin_rate)
    in_stock = row["on_hand"] is None or row["on_hand"] > 0
    loyal = row["repeat_low"] > usual.repeat_rate
    return usual.reach if rich and in_stock and loyal and row["reach"] < usual.reach else None


def _promoted(row: dict[str, Any], usual: Usual, median: float) -> Decision:
    """As many more buyers as the median product of class A has, each worth what a buyer is, at most."""
    more = round(median * usual.customers) - row["customers"]
    brought = row["margin"] if row["margin"] is not None else row["revenue"]
    value = None if brought is None else _money(float(brought) / row["customers"] * more)
    reason = _why("loyal", back=row["repeat_rate"], usual=usual.repeat_rate, reach=row["reach"], median=median)
    if row["margin_rate"] is not None:
        reason += _why("margin", margin=row["margin_rate"], usual=usual.margin_rate)
    if value is not None:
        reason += _why("up_to", value=value)
    return "promote", reason, value


def _small(row: dict[str, Any], usual: Usual, as_of: date | None) -> Decision:
    """A product of class C: what speaks for it is looked for before it is proposed to be taken out."""
    if row["pull_low"] is not None and row["pull_low"] > 1:
        values = {"pull": row["pull"], "low": row["pull_low"], "high": row["pull_high"], "beside": row["beside"]}
        more = float(row["beside"]) * row["orders"] * (1 - 1 / row["pull"])
        return "keep", _why("pulls", **values), _money(more)
    if row["brings_low"] is not None and row["brings_low"] > 1:
        return "keep", _why("brings", newcomers=row["newcomers"], times=row["brings"]), None
    if as_of is None:
        return "watch", _why("no_dates"), None
    if (as_of - row["first_on"]).days <= NEW:
        return "watch", _why("new", first=row["first_on"]), None
    if row["season_from"]:
        season = {end: text(f"products.month.{row[f'season_{end}']}") for end in ("from", "to")}
        key = "seasonal" if (usual.days or 0) >= 2 * YEAR else "seasonal_or_short"
        return "watch", _why(key, season_from=season["from"], season_to=season["to"]), None
    if usual.repeat_rate is not None and (row["repeat_low"] or 0) > usual.repeat_rate:
        return "keep", _why("comes_back", back=row["repeat_rate"], usual=usual.repeat_rate), None
    if row["xyz"] == "X":
        return "keep", _why("steady", cv=row["cv"]), None
    if (row["pull"] or 0) >= MAY_PULL:
        return "watch", _why("may_pull", pull=row["pull"], low=row["pull_low"] or 0, high=row["pull_high"] or 0), None
    return _removed(row, usual)


def _removed(row: dict[str, Any], usual: Usual) -> Decision:
    margin = row["margin"] is not None
    brought = row["margin"] if margin else row["revenue"]
    values = {"xyz": row["xyz"] or "-", "pull": row["pull"] or 0, "days": row["days_since_last"]}
    reason = _why("remove_margin" if margin else "remove", **values)
    if brought is not None and usual.days:
        reason += _why("a_year", lost=_money(float(brought) / max(usual.days, 1) * YEAR))
    if row["only_buyers"]:
        reason += _why("only", customers=row["only_buyers"])
    return "remove", reason, row["stock_value"]


def _in_season(row: dict[str, Any], as_of: date) -> bool:
    """Whether the season is on, or begins within three months."""
    months = {(row["season_from"] - 1 + step) % 12 for step in range((row["season_to"] - row["season_from"]) % 12 + 1)}
    soon = {(as_of + timedelta(days=31 * step)).month - 1 for step in range(4)}
    return bool(months & soon)


def _money(value: float) -> Decimal:
    return Decimal(str(round(value, 4)))
