"""What of a lead speaks for a win: the share of earlier leads with the same value that were won."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from acrm.analysis.lists.nearness import REASONS, SIGMAS, separation_of
from acrm.messages import text

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.people.features import Feature
    from acrm.models.histories import FloatArray

PRIOR = 20.0
"""Leads of the share of all that are added to those of each value: what few leads tell counts little."""
BANDS = (0.2, 0.4, 0.6, 0.8)
"""Quantiles at which numbers are cut."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """What one column says: by value, `says` (the log of its share of wins to `base`), `rate` (the share)."""

    feature: Feature
    base: float
    """The share of wins of leads of which the column is known."""
    edges: tuple[float, ...]
    values: pl.DataFrame


@dataclass(frozen=True, kw_only=True)
class Wins:
    """What the columns say of leads that were won; `columns` are those that part them from the lost."""

    columns: tuple[Column, ...]

    def distances(self, table: pl.DataFrame) -> FloatArray:
        """How much speaks against each lead: less is better, 0 is a lead of which nothing is known."""
        import numpy as np

        against = np.zeros(table.height)
        for column in self.columns:
            against -= _told(column, table)["says"].to_numpy()
        return against

    def reasons(self, table: pl.DataFrame) -> list[str]:
        """What speaks for each lead, the strongest first, or that nothing does."""
        told = [_told(column, table).rows() for column in self.columns]
        said = []
        for row in range(table.height):
            found = [(*told[place][row], column) for place, column in enumerate(self.columns)]
            best = sorted((one for one in found if one[1] > 0), key=lambda one: (-one[1], one[3].feature.name))[
                :REASONS
            ]
            parts = (
                text(
                    "segment_calls.reason",
                    name=column.feature.name.removeprefix("x_"),
                    value=value,
                    rate=rate,
                    base=column.base,
                )
                for value, _, rate, column in best
            )
            said.append("; ".join(parts) or text("segment_calls.nothing"))
        return said


def wins(won: pl.DataFrame, lost: pl.DataFrame, features: Sequence[Feature]) -> Wins:
    """Learn what speaks for a win.

    Of n leads with a value, w of them won, the value says log((w + 20 b) / (n + 20) / b), b being the share of won
    among the leads of which the column is known at all: that something is known often comes of the win, and so it says
    nothing. What columns say adds up, as if they were independent. A column counts if, on leads held
    out, it parts the won from the lost by more than two standard errors of the AUC.

    Args:
        won: `customer_id` and the columns of the features, one row per lead.
        lost: The same.
        features: As of `nearness.known_before`.
    """
    columns: list[Column] = []
    for feature in features:
        alone = partial(_alone, feature=feature)
        parted = separation_of(won, lost, alone)
        if parted is not None and parted.better(SIGMAS):
            columns += alone(won, lost).columns
    return Wins(columns=tuple(columns))


def _alone(won: pl.DataFrame, lost: pl.DataFrame, feature: Feature) -> Wins:
    import polars as pl

    sides = [side[feature.name] for side in (won, lost)]
    known = [values.count() for values in sides]
    if not all(known):
        return Wins(columns=())
    base = known[0] / sum(known)
    edges: tuple[float, ...] = ()
    if feature.kind == "number":
        cuts = (pl.concat(sides).quantile(share, "linear") for share in BANDS)
        edges = tuple(sorted({float(cut) for cut in cuts if cut is not None}))
    rows = pl.concat(
        [_levels(values, edges).with_columns(won=pl.lit(is_won)) for is_won, values in zip((1, 0), sides, strict=True)]
    )
    counted = rows.group_by("value").agg(pl.col("won").sum().alias("w"), pl.len().alias("n")).sort("value")
    shrunk = (pl.col("w") + PRIOR * base) / (pl.col("n") + PRIOR)
    values = counted.select("value", says=(shrunk / base).log(), rate=pl.col("w") / pl.col("n"))
    return Wins(columns=(Column(feature=feature, base=base, edges=edges, values=values),))


def _levels(values: pl.Series, edges: Sequence[float]) -> pl.DataFrame:
    """The known values as texts, numbers by band, each answer of several in a row: `index` of the row, `value`."""
    import polars as pl

    frame = values.rename("value").to_frame().with_row_index()
    if values.dtype == pl.List:
        frame = frame.explode("value")
    elif values.dtype.is_numeric():
        names = [f"<{edges[0]:g}", *(f"{edge:g}+" for edge in edges)] if edges else ["all"]
        band: pl.Expr = pl.lit(0)
        for edge in edges:
            band = band + (pl.col("value") >= edge).cast(pl.Int32)
        named = band.replace_strict(dict(enumerate(names)), return_dtype=pl.String)
        frame = frame.with_columns(pl.when(pl.col("value").is_not_null()).then(named).alias("value"))
    return frame.drop_nulls("value")


def _told(column: Column, table: pl.DataFrame) -> pl.DataFrame:
    """For each row the value that says most, what all its values say on average, and the share of wins of that one."""
    import polars as pl

    each = _levels(table[column.feature.name], column.edges).join(column.values, on="value", how="left")
    best = (
        each.sort("index", "says", "value", descending=[False, True, False], nulls_last=True)
        .group_by("index", maintain_order=True)
        .agg(pl.col("value").first(), pl.col("says").fill_null(0.0).mean(), pl.col("rate").first())
    )
    rows = pl.DataFrame({"index": range(table.height)}, schema={"index": best.schema["index"]})
    return rows.join(best, on="index", how="left", maintain_order="left").select(
        "value", pl.col("says").fill_null(0.0), "rate"
    )
