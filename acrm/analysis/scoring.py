"""From values to classes: where the edges are, and on which side of an edge a value stands.

Edges are exact. Values are whole ten-thousandths, so between two of them an edge can be moved to the nearest
ten-thousandth on the right side without changing any class; no float is compared anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

SCALE = 4


@dataclass(frozen=True)
class Edges:
    """Ascending edges between classes; a value equal to an edge belongs below it, or above it if `equal_above`."""

    values: tuple[Decimal, ...]
    equal_above: bool = False

    def classes(self, values: pl.Series) -> pl.Series:
        """The class of each value, 1 for the lowest; equal values are always in the same class."""
        import polars as pl

        # As text: Polars would import numpy to look at a Decimal.
        edges = [pl.lit(str(edge)).cast(pl.Decimal(38, SCALE)) for edge in self.values]
        column = pl.col(values.name).cast(pl.Decimal(38, SCALE))
        passed = [(column >= edge if self.equal_above else column > edge).cast(pl.UInt8) for edge in edges]
        return values.to_frame().select(pl.sum_horizontal(pl.lit(1, dtype=pl.UInt8), *passed)).to_series()


def quantile_edges(values: pl.Series, classes: int, *, plus: int | None = None) -> Edges:
    """Edges at the quantiles 1/classes, 2/classes ... of the values, interpolated linearly (type 7).

    With `plus`, edges are the quantiles plus that number and a value equal to an edge belongs above it.

    Examples:
        >>> import polars as pl
        >>> values = pl.Series("orders", [1, 1, 1, 2, 4])
        >>> edges = quantile_edges(values, 2)
        >>> edges.values, edges.classes(values).to_list()
        ((Decimal('1.0000'),), [1, 1, 1, 2, 2])
    """
    import polars as pl

    ascending = values.cast(pl.Decimal(38, SCALE)).sort()
    edges = []
    for number in range(1, classes):
        low, part = divmod((len(ascending) - 1) * number, classes)
        below, above = (_units(ascending[row]) for row in (low, low + 1 if part else low))
        exact = below * classes + (above - below) * part  # in ten-thousandths, times `classes`
        edges.append(exact // classes if plus is None else -(-exact // classes) + plus * 10**SCALE)
    return Edges(tuple(Decimal(edge).scaleb(-SCALE) for edge in edges), equal_above=plus is not None)


def ntile(values: pl.Series, classes: int) -> pl.Series:
    """SQL's NTILE over the values ascending, equal values in the order in which they stand.

    The first `len(values) % classes` classes get one more than the others.

    Examples:
        >>> import polars as pl
        >>> ntile(pl.Series("orders", [7, 1, 1, 1, 9]), 3).to_list()
        [2, 1, 1, 2, 3]
    """
    import polars as pl

    size, larger = divmod(len(values), classes)
    place = pl.col("place").cast(pl.Int64) - 1
    split = larger * (size + 1)
    tile = pl.when(place < split).then(place // (size + 1)).otherwise(larger + (place - split) // max(size, 1)) + 1
    return values.rank("ordinal").alias("place").to_frame().select(tile.cast(pl.UInt8)).to_series()


def ranked_classes(values: pl.Series, classes: int) -> pl.Series:
    """Classes of the ranks 1, 2, 3 ... of the values, equal values ranked in the order in which they stand."""
    ranks = values.rank("ordinal")
    return quantile_edges(ranks, classes).classes(ranks)


def observed_edges(values: pl.Series, classes: pl.Series, count: int) -> Edges:
    """For classes that were not cut by value: the highest value in or below each class but the last."""
    import polars as pl

    frame = pl.DataFrame({"value": values.cast(pl.Decimal(38, SCALE)), "class": classes})
    highest = [frame.filter(pl.col("class") <= number)["value"].max() for number in range(1, count)]
    return Edges(tuple(value for value in highest if isinstance(value, Decimal)))


def _units(value: Decimal) -> int:
    return int(value.scaleb(SCALE))
