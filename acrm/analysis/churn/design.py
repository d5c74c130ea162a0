"""How a table of customers becomes the matrix that a churn model learns from; learned once, kept with the model.

A number is a column as it is, unknown staying unknown: the model has a place for it. Categories and lists become one
column of 0 and 1 per level, where unknown is a level, rare levels are one, and so is what was not seen when learning:
the same levels as for groups of customers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from acrm.analysis.segment.encoding import Encoding
from acrm.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from acrm.analysis.people.features import Feature


_MOST = 1e38
"""Numbers beyond it, either way, count as it: the matrix holds no greater ones."""


@dataclass(frozen=True, kw_only=True)
class Design:
    """The columns of the matrix: numbers first, then levels."""

    numbers: tuple[str, ...]
    levels: Encoding
    kept: tuple[int, ...]
    """Columns of the levels' matrix that are not the same for all, nor the opposite of the one before."""
    typical: dict[str, Any]
    """Of each feature the median or the most frequent level, of customers who have it known."""

    @classmethod
    def learn(cls, table: pl.DataFrame, features: Sequence[Feature]) -> Design:
        """Learn from customers, sorted.

        Raises:
            InputError: No feature tells customers apart.
        """
        known = {feature.name: _finite(table[feature.name]) for feature in features if feature.kind == "number"}
        numbers = [name for name, values in known.items() if _as_kept(values).n_unique() > 1]
        encoding = Encoding.learn(table, [feature for feature in features if feature.kind != "number"])
        coded = encoding.matrix(table) > 0
        held = [place for place in range(coded.shape[1]) if 0 < coded[:, place].sum() < len(coded)]
        opposite = {
            place
            for before, place in pairwise(held)
            if encoding.blocks[before] == encoding.blocks[place] and (coded[:, before] != coded[:, place]).all()
        }
        design = cls(
            numbers=tuple(numbers),
            levels=encoding,
            kept=tuple(place for place in held if place not in opposite),
            typical={name: known[name].median() for name in numbers}
            | {part.name: _most_frequent(table[part.name]) for part in encoding.parts},
        )
        if not design.features:
            raise InputError("churn_no_features")
        return design

    @property
    def features(self) -> list[str]:
        """What each column of the matrix belongs to; the columns of one feature stand side by side."""
        of_levels = [part.name for part in self.levels.parts for block in part.blocks for _ in block]
        return [*self.numbers, *(of_levels[place] for place in self.kept)]

    def matrix(self, table: pl.DataFrame) -> NDArray[np.float32]:
        """Encode customers, one row each in the order of the table; NaN is an unknown number.

        Raises:
            InputError: Columns are missing.
        """
        import numpy as np
        import polars as pl

        if missing := [name for name in self.numbers if name not in table.columns]:
            raise InputError("segment_columns", columns=", ".join(missing))
        made = np.empty((table.height, len(self.features)), np.float32)
        for place, name in enumerate(self.numbers):
            values = table[name].cast(pl.Float64).to_numpy()
            made[:, place] = np.where(np.isfinite(values), np.clip(values, -_MOST, _MOST), np.nan)
        made[:, len(self.numbers) :] = self.levels.matrix(table)[:, self.kept] > 0
        return made


def _as_kept(values: pl.Series) -> pl.Series:
    """Numbers as the matrix has them: what differs by less cannot be told apart."""
    import polars as pl

    return values.clip(-_MOST, _MOST).cast(pl.Float32)


def _finite(values: pl.Series) -> pl.Series:
    """Numbers, null where they are none or infinite."""
    import polars as pl

    number = pl.col(values.name).cast(pl.Float64)
    return values.to_frame().select(pl.when(number.is_finite()).then(number).alias(values.name)).to_series()


def _most_frequent(values: pl.Series) -> str | None:
    """Of equals the first by name; None for lists, or where nothing is known."""
    import polars as pl

    if values.dtype == pl.List:
        return None
    counts = values.drop_nulls().value_counts(name="_n").sort("_n", values.name, descending=[True, False])
    return str(counts[values.name][0]) if counts.height else None
