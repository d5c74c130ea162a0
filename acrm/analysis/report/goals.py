"""A balanced scorecard: what was aimed at, what came of it, and in which colour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, get_args

from acrm.analysis.result import Scalar
from acrm.errors import InputError
from acrm.messages import Message, listed

if TYPE_CHECKING:
    import polars as pl

Direction = Literal["up", "down"]
Colour = Literal["red", "amber", "green", "grey"]
Side = Literal["money", "satisfaction", "process", "growth"]
"""What a goal is about: the four sides of a balanced scorecard (Kaplan & Norton, 1992)."""
_SIDES: dict[Side, tuple[str, ...]] = {
    "satisfaction": ("satisfaction", "csat", "nps", "complaint", "sla", "response", "resolution"),
    "money": ("revenue", "margin", "profit", "order_value", "average_order", "clv", "spend", "equity", "refund"),
    "growth": ("new_", "retention", "repeat", "churn", "half_life", "buyers"),
}
_AMBER = 0.1
"""How far from its goal a figure may be, as a share of the goal, and still be amber."""
_KEYS = ("name", "figure", "goal", "amber", "direction", "owner", "side")


@dataclass(frozen=True, kw_only=True)
class Goal:
    """One line of the scorecard.

    Attributes:
        name: What it is called.
        figure: Name of a figure of the report.
        goal: What it should reach: at least (`up`), or at most (`down`).
        amber: From where on it is amber rather than red; None: a tenth of the goal short of it.
        direction: Which way is good.
        owner: Whose it is.
        side: What it is about; found from the figure's name where it is not told.
    """

    name: str
    figure: str
    goal: float
    amber: float | None = None
    direction: Direction = "up"
    owner: str | None = None
    side: Side | None = None

    @property
    def about(self) -> Side:
        """The side, told or found."""
        if self.side:
            return self.side
        return next((side for side, words in _SIDES.items() if any(word in self.figure for word in words)), "process")

    def colour(self, actual: float | None) -> Colour:
        """Green: reached; amber: nearly; red: not; grey: not known.

        >>> goal = Goal(name="Revenue", figure="revenue", goal=100)
        >>> [goal.colour(actual) for actual in (100, 95, 80, None)]
        ['green', 'amber', 'red', 'grey']
        """
        if actual is None:
            return "grey"
        sign = 1 if self.direction == "up" else -1
        edge = self.amber if self.amber is not None else self.goal - sign * _AMBER * abs(self.goal)
        if sign * actual >= sign * self.goal:
            return "green"
        return "amber" if sign * actual >= sign * edge else "red"


@dataclass(frozen=True, kw_only=True)
class Scorecard:
    """The goals and how they stand.

    Attributes:
        table: In the order of the file: `goal` (its name), `side`, `figure`, `target`, `direction`, `actual`, `reached`
            (actual of target; null where the target is 0), `before`, `change` (now less before), `better` Bool (whether
            the change is for the better; null without one), `owner`, `colour`.
        figures: `scorecard.red`, `.amber`, `.green`, `.grey`: how many goals are so, for `--fail-on`.
        notes: Money without satisfaction beside it; figures that are not known.
    """

    table: pl.DataFrame
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def read_goals(document: Mapping[str, Any], known: Iterable[str] | None = None) -> tuple[Goal, ...]:
    """The goals of a TOML document with one `[[goal]]` each.

    Args:
        document: Parsed TOML.
        known: Names of all figures there can be; others are refused. None: any name will do.

    Raises:
        InputError: A goal lacks its figure or its number, has a key or a word that means nothing, or names no figure.
    """
    entries = document.get("goal")
    if not isinstance(entries, list) or not entries:
        raise InputError("goals_none")
    figures = list(known) if known is not None else None
    return tuple(_goal(entry, number, figures) for number, entry in enumerate(entries, 1))


def _goal(entry: Any, number: int, known: list[str] | None) -> Goal:
    if not isinstance(entry, Mapping):
        raise InputError("goals_none")
    if strange := [key for key in entry if key not in _KEYS]:
        near = get_close_matches(strange[0], _KEYS, 1)
        raise InputError("goals_key", number=number, key=strange[0], known=listed(near or _KEYS))
    figure = entry.get("figure")
    for key in ("goal", "amber"):
        value = entry.get(key, 0 if key == "amber" else None)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError("goals_number", number=number, key=key)
    if not isinstance(figure, str):
        raise InputError("goals_figure", number=number, figure=figure, known=listed(known or ()))
    if known is not None and figure not in known:
        raise InputError(
            "goals_figure", number=number, figure=figure, known=listed(get_close_matches(figure, known, 3) or known)
        )
    for key, words in (("direction", get_args(Direction)), ("side", get_args(Side))):
        if entry.get(key, words[0]) not in words:
            raise InputError("goals_word", number=number, key=key, value=entry[key], known=listed(words))
    return Goal(
        name=str(entry.get("name", figure)),
        figure=figure,
        goal=float(entry["goal"]),
        amber=None if entry.get("amber") is None else float(entry["amber"]),
        direction=entry.get("direction", "up"),
        owner=entry.get("owner"),
        side=entry.get("side"),
    )


def scorecard(
    goals: tuple[Goal, ...], figures: Mapping[str, Scalar], before: Mapping[str, Scalar] | None = None
) -> Scorecard:
    """Hold figures against goals.

    Args:
        goals: As of `read_goals`.
        figures: Every figure of the report by name; one that is missing or is no number makes its goal grey.
        before: The same of the period before, for the trend.
    """
    import polars as pl

    rows = []
    for goal in goals:
        actual, then = _number(figures.get(goal.figure)), _number((before or {}).get(goal.figure))
        change = actual - then if actual is not None and then is not None else None
        good = None if not change else (change > 0) == (goal.direction == "up")
        rows.append(
            {
                "goal": goal.name,
                "side": goal.about,
                "figure": goal.figure,
                "target": goal.goal,
                "direction": goal.direction,
                "actual": actual,
                "reached": actual / goal.goal if actual is not None and goal.goal else None,
                "before": then,
                "change": change,
                "better": good,
                "owner": goal.owner,
                "colour": goal.colour(actual),
            }
        )
    text = dict.fromkeys(("goal", "side", "figure"), pl.String)
    numbers = dict.fromkeys(("actual", "reached", "before", "change"), pl.Float64)
    schema = {**text, "target": pl.Float64, "direction": pl.String, **numbers, "better": pl.Boolean}
    table = pl.DataFrame(rows, schema={**schema, "owner": pl.String, "colour": pl.String})
    counts = {f"scorecard.{colour}": table.filter(colour=colour).height for colour in get_args(Colour)}
    notes = []
    if unknown := table.filter(colour="grey")["figure"].to_list():
        notes.append(Message("report.goals_unknown", {"n": len(unknown), "figures": listed(unknown)}))
    sides = set(table["side"].to_list())
    if "money" in sides and "satisfaction" not in sides:
        notes.append(Message("report.goals_money_alone"))
    return Scorecard(table=table, figures=dict(counts), notes=tuple(notes))


def _number(value: Scalar) -> float | None:
    from decimal import Decimal

    return float(value) if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else None
