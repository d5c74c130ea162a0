"""How a table of customers becomes a matrix in which distances mean something; learned once, kept with the model.

A number is cut off at Tukey's outer fences (three interquartile ranges beyond the quartiles) and standardised: mean 0,
variance 1. If it is skewed even then (absolute skewness above 1), all this is done on a logarithmic scale,
sign(x) log(1 + |x|), provided that there it is less so. Where the quartiles are equal, most customers have one value
(rare events), and where there are two values it is a flag: the number then runs from 0 to 1 between its least and
greatest value, as to standardise it would make the few the farthest apart of all. Missing numbers get the median, and
where they are 5% or more, being unknown is a column besides.

A share (`..._share`, from 0 to 1) is a choice made in part: it is multiplied by sqrt(1/2), as categories are, and not
standardised, which would make habits in which customers hardly differ count as much as what they spend.

A category becomes one column per level, 0 or sqrt(1/2): customers of different levels are 1 apart. Unknown is a level,
levels of fewer than 2% are one, "other", and so is what was not seen when learning. Of many values each that 2% to 98%
have is a column of that kind.

No axis is weighed: every number and every category counts once. Equal weights of the axes would let a single column of
a short axis outweigh ten of a long one, and published results could not be compared with.

Source: Szepannek (2018), clustMixType, and Hennig & Liao (2013), How to find an appropriate clustering for mixed-type
variables, for categories beside numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from acrm.analysis.people.features import Feature
from acrm.errors import InputError

if TYPE_CHECKING:
    import polars as pl

    from acrm.models.clusters import Matrix

SKEWED = 1.0
FENCES = 3.0
UNKNOWN = 0.05
"""Share of missing numbers that earns a column of its own."""
RARE = 0.02
MOST = 30
"""Levels or values that get a column, at most."""
_INDICATOR = 0.5**0.5


@dataclass(frozen=True, kw_only=True)
class _Number:
    name: str
    log: bool
    low: float
    high: float
    centre: float
    scale: float
    fill: float
    """What a missing one becomes, encoded."""
    unknown: bool

    @property
    def blocks(self) -> list[list[str]]:
        return [[self.name, f"{self.name}=?"] if self.unknown else [self.name]]

    def columns(self) -> Iterator[pl.Expr]:
        import polars as pl

        number = _finite(self.name)
        number = _logarithm(number) if self.log else number
        yield ((number.clip(self.low, self.high) - self.centre) / self.scale).fill_null(self.fill)
        if self.unknown:
            yield pl.lit(_INDICATOR) * _finite(self.name).is_null()


@dataclass(frozen=True, kw_only=True)
class _Category:
    name: str
    levels: list[str | None]
    """Those with a column of their own, None for unknown; the rest is "other"."""

    @property
    def blocks(self) -> list[list[str]]:
        return [[f"{self.name}={'?' if level is None else level}" for level in self.levels] + [f"{self.name}=…"]]

    def columns(self) -> Iterator[pl.Expr]:
        import polars as pl

        value = pl.col(self.name)
        for level in self.levels:
            yield pl.lit(_INDICATOR) * value.eq_missing(pl.lit(level, pl.String))
        known = [level for level in self.levels if level is not None]
        other = ~value.is_in(known)
        yield pl.lit(_INDICATOR) * (other.fill_null(False) if None in self.levels else other.fill_null(True))


@dataclass(frozen=True, kw_only=True)
class _Multi:
    name: str
    values: list[str]
    unknown: bool

    @property
    def blocks(self) -> list[list[str]]:
        return [[f"{self.name}:{value}"] for value in self.values] + ([[f"{self.name}=?"]] if self.unknown else [])

    def columns(self) -> Iterator[pl.Expr]:
        import polars as pl

        for value in self.values:
            yield pl.lit(_INDICATOR) * pl.col(self.name).list.contains(value).fill_null(False)
        if self.unknown:
            yield pl.lit(_INDICATOR) * pl.col(self.name).is_null()


_Part = _Number | _Category | _Multi
_KINDS: dict[str, type[_Part]] = {"number": _Number, "category": _Category, "multi": _Multi}


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """What was learned of each column that tells customers apart, in the order of the columns."""

    parts: tuple[_Part, ...]
    left_out: tuple[str, ...] = ()
    """Columns that are (nearly) the same for everybody."""

    @classmethod
    def learn(cls, table: pl.DataFrame, features: Sequence[Feature]) -> Encoding:
        """Learn from customers, sorted: sums in another order may differ in their last digit."""
        learners = {"number": _learn_number, "category": _learn_category, "multi": _learn_multi}
        found = {feature.name: learners[feature.kind](table[feature.name]) for feature in features}
        return cls(
            parts=tuple(part for part in found.values() if part),
            left_out=tuple(name for name, part in found.items() if part is None),
        )

    @property
    def names(self) -> list[str]:
        """Of the matrix' columns: `age`, `age=?` (unknown), `city=Moscow`, `city=…` (other), `likes:chess`."""
        return [name for part in self.parts for block in part.blocks for name in block]

    @property
    def blocks(self) -> list[int]:
        """For each column of the matrix the number of what it tells; columns of one category share it."""
        groups = [block for part in self.parts for block in part.blocks]
        return [number for number, block in enumerate(groups) for _ in block]

    def missing(self, table: pl.DataFrame) -> list[str]:
        """Columns that a table lacks."""
        return [part.name for part in self.parts if part.name not in table.columns]

    def matrix(self, table: pl.DataFrame) -> Matrix:
        """Encode customers, one row each in the order of the table; a row does not depend on the others.

        A column of ours that is missing is unknown: nobody may have bought or told what makes it.

        Raises:
            InputError: Columns of the user (`x_...`) are missing, or all.
        """
        import numpy as np
        import polars as pl

        missing = self.missing(table)
        wanted = [name for name in missing if name.startswith("x_")] if len(missing) < len(self.parts) else missing
        if wanted:
            raise InputError("segment_columns", columns=", ".join(wanted))
        types = _types()
        unknown = {part.name: types[_kind(part)] for part in self.parts if part.name in missing}
        table = table.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in unknown.items())
        made = np.empty((table.height, len(self.names)), np.float32)
        expressions = (expression for part in self.parts for expression in part.columns())
        for place, expression in enumerate(expressions):
            # One column at a time: never a second matrix.
            made[:, place] = table.select(column=expression)["column"].to_numpy()
        return made

    def to_document(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return {
            "columns": [{"kind": _kind(part), **asdict(part)} for part in self.parts],
            "left_out": list(self.left_out),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Encoding:
        """What `to_document` told.

        Raises:
            KeyError, TypeError, ValueError: It is another document, or was altered so that it makes no sense.
        """
        import numpy as np
        import polars as pl

        kinds = _types()
        samples: dict[str, object] = {"number": 0.0, "category": "", "multi": []}
        parts, trial = [], {}
        for node in document["columns"]:
            values = dict(node)
            kind = values.pop("kind")
            if None in values.values():
                raise ValueError
            parts.append(_KINDS[kind](**values))
            trial[parts[-1].name] = pl.Series([samples[kind]], dtype=kinds[kind])
        encoding = cls(parts=tuple(parts), left_out=tuple(document["left_out"]))
        try:
            sound = np.isfinite(encoding.matrix(pl.DataFrame(trial))).all()
        except pl.exceptions.PolarsError as error:
            raise ValueError from error
        if not sound:
            raise ValueError
        return encoding


def _kind(part: _Part) -> str:
    return next(name for name, kind in _KINDS.items() if isinstance(part, kind))


def _types() -> dict[str, pl.DataType]:
    import polars as pl

    return {"number": pl.Float64(), "category": pl.String(), "multi": pl.List(pl.String)}


def _finite(name: str) -> pl.Expr:
    """A number, null where it is none or infinite."""
    import polars as pl

    number = pl.col(name).cast(pl.Float64)
    return pl.when(number.is_finite()).then(number)


def _logarithm(number: pl.Expr) -> pl.Expr:
    return number.sign() * number.abs().log1p()


def _learn_number(column: pl.Series) -> _Number | None:
    import polars as pl

    frame = column.to_frame("value")
    known = frame.select(_finite("value")).to_series().drop_nulls()
    if known.is_empty():
        return None
    values, log = known, False
    share = column.name.endswith("_share") and known.is_between(0, 1).all()
    skew = 0.0 if share else _skewness(known)
    if skew > SKEWED:
        logged = known.to_frame("value").select(_logarithm(pl.col("value"))).to_series()
        log = _skewness(logged) < skew
        values = logged if log else known
    low, high, centre, scale = (0.0, 1.0, 0.0, 1 / _INDICATOR) if share else _span(values)
    if scale == 0 or known.n_unique() == 1:
        return None
    median = min(max(_number(values.median()), low), high)
    return _Number(
        name=column.name,
        log=log,
        low=low,
        high=high,
        centre=centre,
        scale=scale,
        fill=(median - centre) / scale,
        unknown=len(known) <= (1 - UNKNOWN) * len(column),
    )


def _span(values: pl.Series) -> tuple[float, float, float, float]:
    """Where numbers are cut off, what is taken from them, what they are divided by: 0 if they are all the same."""
    low, high = _fences(values)
    least, most = _number(values.min()), _number(values.max())
    if low == high or values.is_in([least, most]).all():
        return least, most, least, most - least
    within = values.clip(max(least, low), min(most, high))
    return max(least, low), min(most, high), _number(within.mean()), _number(within.std(ddof=0))


def _fences(values: pl.Series) -> tuple[float, float]:
    """Tukey's outer fences; equal if the quartiles are."""
    first, third = (_number(values.quantile(share, "linear")) for share in (0.25, 0.75))
    return first - FENCES * (third - first), third + FENCES * (third - first)


def _skewness(values: pl.Series) -> float:
    """Its absolute value within the fences; 0 where it is not defined."""
    low, high = _fences(values)
    found = (values.clip(low, high) if low < high else values).skew()
    return abs(found) if found is not None and math.isfinite(found) else 0.0


def _number(value: Any) -> float:
    return float(value)


def _learn_category(column: pl.Series) -> _Category | None:
    import polars as pl

    counts = column.to_frame("level").group_by("level").agg(n=pl.len()).sort(-pl.col("n").cast(pl.Int64), "level")
    frequent = counts.filter(pl.col("level").is_not_null(), pl.col("n") >= RARE * len(column))
    levels = [*frequent["level"].head(MOST), *([None] if column.null_count() else [])]
    # One level, or none but rare ones.
    return _Category(name=column.name, levels=levels) if levels and counts.height > 1 else None


def _learn_multi(column: pl.Series) -> _Multi | None:
    import polars as pl

    each = column.to_frame("value").select(pl.col("value").list.unique()).explode("value").drop_nulls()
    counts = each.group_by("value").agg(n=pl.len()).sort(-pl.col("n").cast(pl.Int64), "value")
    telling = pl.col("n").is_between(RARE * len(column), (1 - RARE) * len(column))
    values = counts.filter(telling)["value"].head(MOST).to_list()
    unknown = UNKNOWN <= column.null_count() / max(len(column), 1) <= 1 - UNKNOWN
    return _Multi(name=column.name, values=values, unknown=unknown) if values or unknown else None
