"""Hidden regularities: conditions, and pairs of conditions, under which an outcome is higher or lower."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from acrm.analysis.drivers.design import sorted_levels
from acrm.analysis.people.screening import CUSTOMER, canonical, plain, screen
from acrm.analysis.result import Result
from acrm.errors import InputError
from acrm.messages import Message, listed, text

if TYPE_CHECKING:
    import polars as pl

    from acrm.models.conjunctions import Findings

FALSE = 0.05
"""Share of chance findings allowed among those listed."""
_CUTS = (9, 4, 3, 1)
"""How many quantiles cut a column of numbers: the most with which there are no more than `_MOST` conditions."""
_MOST, _LEVELS, _SAMPLE = 1_300, 12, 50_000
Sign = Literal["=", "≥", "<", "∋"]


@dataclass(frozen=True, kw_only=True)
class ConditionParams:
    """What is looked for.

    Attributes:
        columns: Columns that conditions are about. None: all that are of use, see `screening`.
        least: Rows that every side of a comparison needs.
        seed: Of the sample, where there are more than 50,000 rows.
    """

    columns: tuple[str, ...] | None = None
    least: int = 30
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class ConditionsResult(Result):
    """Tables `conditions`, `left_out`."""

    params: ConditionParams


@dataclass(frozen=True, kw_only=True, eq=False)
class Condition:
    """A condition on one column; `holds` has one entry per row."""

    column: str
    sign: Sign
    value: str
    holds: Any

    @property
    def name(self) -> str:
        """The condition as it is read.

        >>> Condition(column="age", sign="≥", value="40", holds=None).name
        'age ≥ 40'
        """
        return f"{self.column} {self.sign} {self.value}"


def conditions(table: pl.DataFrame, outcome: str, params: ConditionParams) -> ConditionsResult:
    """Find under which conditions an outcome differs, allowing for how many were tried.

    Conditions: a column has a level (the twelve most frequent), a list has it, a number is at least or below a
    quantile. Tests and the correction: `acrm.models.conjunctions.find_conditions`. Of one column, or one pair of
    columns, only the surest condition is listed. Intervals allow for their having been selected (Benjamini and
    Yekutieli 2005), so that they are wider than usual.

    Args:
        table: One row per customer, order or product; the order of rows does not matter.
        outcome: A column of numbers, of yes and no, or of two texts (then the rarer one is what is counted).
        params: See `ConditionParams`.

    Returns:
        Table `conditions`, the surest first:

        | column | type | unit, range |
        |---|---|---|
        | `condition` | String | `sex = f` or `sex = f, age ≥ 40` |
        | `parts` | Int64 | 1 or 2 |
        | `columns` | List[String] | what it is about |
        | `inside`, `outside` | Int64 | rows where it holds, all other rows |
        | `value`, `value_outside` | Float64 | mean, or share of yes |
        | `median`, `median_outside` | Float64 | null for yes and no |
        | `effect`, `low`, `high` | Float64 | difference of the means, with its interval |
        | `best_part` | Float64 | `value` where the better of its parts holds; null for one part |
        | `p`, `q` | Float64 | chance alone; the same allowing for all that were tested |

        Table `left_out` as of `screening`.

    Raises:
        InputError: A column is missing, or the outcome is neither numbers nor two texts.
    """
    import numpy as np
    import polars as pl

    from acrm.models.conjunctions import find_conditions

    known, values, event = _outcome(table, outcome, params)
    first = (outcome, *((CUSTOMER,) if CUSTOMER in known.columns and outcome != CUSTOMER else ()))
    left_out = screen(known, first) if params.columns is None else screen(known.select(outcome), (outcome,))
    names = params.columns or [name for name in known.columns if name not in (*first, *left_out["column"])]
    made = made_conditions(known, names, params.least)
    figures: dict[str, Any] = {"outcome": outcome, "event": event, "rows": known.height, "columns": len(names)}
    figures |= {"tested": 0, "tested_pairs": 0, "findings": 0, "value": float(values.mean()) if len(values) else None}
    rows: list[dict[str, Any]] = []
    notes: list[Message] = []
    if made and known.height >= 2 * params.least:
        sources = np.unique([condition.column for condition in made], return_inverse=True)[1]
        masks = np.column_stack([condition.holds for condition in made])
        found = find_conditions(masks, sources, values, least=params.least, false=FALSE)
        tested = found.singles + found.pairs
        rows = list(_rows(found, made, values, tested))
        figures |= {"tested": tested, "tested_pairs": found.pairs, "findings": len(rows)}
        notes.append(Message("segment_drivers.conditions.tested", figures | {"singles": found.singles}))
        notes.append(Message("segment_drivers.associated" if rows else "segment_drivers.conditions.none", figures))
    else:
        notes.append(Message("segment_drivers.conditions.few", {"rows": known.height, "needed": 2 * params.least}))
    if (sample := table[outcome].count()) > known.height:
        notes.append(Message("segment_drivers.conditions.sample", {"rows": known.height, "of": sample}))
    if left_out.height:
        notes.append(Message("segment_drivers.conditions.left_out", {"columns": listed(left_out["column"])}))
    return ConditionsResult(
        params=params,
        tables={"conditions": pl.DataFrame(rows, schema=_schema()), "left_out": left_out},
        summary=figures,
        notes=tuple(notes),
    )


def _schema() -> dict[str, Any]:
    import polars as pl

    figures = ("value", "value_outside", "median", "median_outside", "effect", "low", "high", "best_part", "p", "q")
    return {
        "condition": pl.String,
        "parts": pl.Int64,
        "columns": pl.List(pl.String),
        "inside": pl.Int64,
        "outside": pl.Int64,
        **dict.fromkeys(figures, pl.Float64),
    }


def _outcome(table: pl.DataFrame, outcome: str, params: ConditionParams) -> tuple[pl.DataFrame, Any, str | None]:
    """The rows with an outcome in an order that the columns decide, the outcome as numbers, and what a text counts."""
    import numpy as np
    import polars as pl

    if missing := [name for name in (outcome, *(params.columns or ())) if name not in table.columns]:
        raise InputError("drivers_no_column", columns=listed(missing), known=listed(table.columns, 20))
    event = None
    known = table.filter(pl.col(outcome).is_not_null())
    if known[outcome].dtype in (pl.String, pl.Categorical):
        levels = sorted_levels(known[outcome], rows=1, most=3)
        if len(levels) != 2:
            raise InputError("conditions_outcome", column=outcome)
        event = levels[1]
        known = known.with_columns(pl.col(outcome).cast(pl.String) == event)
    elif not (known[outcome].dtype.is_numeric() or known[outcome].dtype == pl.Boolean):
        raise InputError("conditions_outcome", column=outcome)
    known = canonical(known.with_columns(pl.col(outcome).cast(pl.Float64)).filter(pl.col(outcome).is_finite()))
    if known.height > _SAMPLE:
        chosen = np.random.default_rng(params.seed).choice(known.height, _SAMPLE, replace=False)
        known = known[np.sort(chosen)]
    return known, known[outcome].to_numpy(), event


def made_conditions(table: pl.DataFrame, names: tuple[str, ...] | list[str], least: int) -> list[Condition]:
    """All conditions on the columns that hold for `least` rows and do not hold for as many."""
    for cuts in _CUTS:
        made = [
            condition
            for name in sorted(names)
            for condition in _of(table[name], cuts, least)
            if least <= condition.holds.sum() <= len(condition.holds) - least
        ]
        if len(made) <= _MOST:
            break
    return made


def _of(values: pl.Series, cuts: int, least: int) -> Iterator[Condition]:
    import numpy as np
    import polars as pl

    name = values.name
    if values.dtype.is_numeric():
        numbers = plain(values).cast(pl.Float64).to_numpy()
        known = np.isfinite(numbers)
        distinct = np.unique(numbers[known])
        for value in distinct[::-1] if len(distinct) == 2 else ():
            yield Condition(column=name, sign="=", value=f"{value:.12g}", holds=numbers == value)
        for cut in _cuts(numbers[known], distinct, cuts) if len(distinct) > 2 else ():
            yield Condition(column=name, sign="≥", value=f"{cut:.12g}", holds=numbers >= cut)
            yield Condition(column=name, sign="<", value=f"{cut:.12g}", holds=numbers < cut)
        if not known.all():
            yield Condition(column=name, sign="=", value=text("segment_drivers.unknown"), holds=~known)
    elif values.dtype.is_nested():
        lists = values.list.eval(pl.element().cast(pl.String))
        for level in sorted_levels(lists.list.unique().explode().drop_nulls(), least, _LEVELS):
            holds = lists.list.contains(level).fill_null(value=False).to_numpy()
            yield Condition(column=name, sign="∋", value=level, holds=holds)
    else:
        words = values.cast(pl.String).fill_null(text("segment_drivers.unknown"))
        for level in sorted_levels(values, least, _LEVELS):
            yield Condition(column=name, sign="=", value=level, holds=(words == level).to_numpy())


def _cuts(numbers: Any, distinct: Any, count: int) -> list[float]:
    """Where a column of numbers is cut: at its values if they are few, else at quantiles to three digits."""
    import numpy as np

    if len(distinct) <= count + 1:
        return [float(value) for value in distinct[1:]]
    quantiles = np.quantile(numbers, np.arange(1, count + 1) / (count + 1))
    return sorted({float(f"{value:.3g}") for value in quantiles if value > distinct[0]})


def _rows(found: Findings, made: list[Condition], values: Any, tested: int) -> Iterator[dict[str, Any]]:
    """The findings in words and figures, one for each column and each pair of columns."""
    import numpy as np

    from acrm.models.conjunctions import difference

    chosen: dict[tuple[str, ...], int] = {}
    for place, pair in enumerate(zip(found.first.tolist(), found.second.tolist(), strict=True)):
        chosen.setdefault(tuple(made[part].column for part in pair if part >= 0), place)
    level = 1 - FALSE * len(chosen) / tested
    shares = bool(np.isin(values, (0.0, 1.0)).all())
    for columns, place in chosen.items():
        parts = [made[part] for part in (int(found.first[place]), int(found.second[place])) if part >= 0]
        inside = np.logical_and.reduce([part.holds for part in parts])
        effect, low, high = difference(values, inside, level)
        alone = [float(values[part.holds].mean()) for part in parts]
        yield {
            "condition": ", ".join(part.name for part in parts),
            "parts": len(parts),
            "columns": list(columns),
            "inside": int(inside.sum()),
            "outside": int((~inside).sum()),
            "value": float(values[inside].mean()),
            "value_outside": float(values[~inside].mean()),
            "median": None if shares else float(np.median(values[inside])),
            "median_outside": None if shares else float(np.median(values[~inside])),
            "effect": effect,
            "low": low,
            "high": high,
            "best_part": (max if effect > 0 else min)(alone) if len(alone) > 1 else None,
            "p": float(found.p[place]),
            "q": float(found.q[place]),
        }
