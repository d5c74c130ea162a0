"""How near customers are to a group by what is known of them before they buy, and which of it makes them so."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acrm.messages import text

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.segment.features import Feature
    from acrm.models.histories import FloatArray
    from acrm.models.nearness import Separation

FOLDS = 5
FILLED = 0.05
"""Share of either side of whom a column must be known."""
SIGMAS = 2.0
"""A column counts if it parts the group from the others by more than so many standard errors."""
REASONS = 3
_TAILS = (0.05, 0.95)


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one column says of a group.

    Attributes:
        feature: The column.
        weight: Twice its excess over one half in parting the group from the others; 0: it is left out.
        neutral: The mean distance of the others: what an unknown value counts as.
        shares: Of a category or answers: the share of the group, and of the others, that have each.
        group: Of a number: the group's values within the tails, divided by `span` from `low` on.
        low: 5% of all values are below it.
        span: To where 5% are above.
    """

    feature: Feature
    weight: float
    neutral: float
    shares: dict[str, tuple[float, float]]
    group: FloatArray
    low: float = 0.0
    span: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Nearness:
    """A group as its columns tell it; `parts` are those that part it from the others."""

    parts: tuple[Part, ...]

    def distances(self, table: pl.DataFrame) -> FloatArray:
        """The weighted mean of the columns' distances (Gower's), 0 to 1, one for each row."""
        import numpy as np

        total = sum(part.weight for part in self.parts)
        found = np.zeros(table.height)
        for part in self.parts:
            told = _distance(part, table[part.feature.name])
            found += part.weight / total * np.where(np.isnan(told), part.neutral, told)
        return found

    def known(self, table: pl.DataFrame) -> FloatArray:
        """The share of the weight of columns that are known, for each row."""
        import numpy as np

        total = sum(part.weight for part in self.parts)
        found = np.zeros(table.height)
        for part in self.parts:
            found += part.weight / total * table[part.feature.name].is_not_null().to_numpy()
        return found

    def reasons(self, table: pl.DataFrame) -> list[str]:
        """What of each row is nearer to the group than of the others, the most telling first; "" where nothing is."""
        import numpy as np

        gains = []
        for part in self.parts:
            told = _distance(part, table[part.feature.name])
            gains.append(part.weight * np.where(np.isnan(told), 0.0, part.neutral - told))
        values = [table[part.feature.name].to_list() for part in self.parts]
        said = []
        for row in range(table.height):
            order = sorted(range(len(self.parts)), key=lambda place: (-gains[place][row], place))
            best = [place for place in order if gains[place][row] > 0][:REASONS]
            said.append("; ".join(_sentence(self.parts[place], values[place][row]) for place in best))
        return said


def known_before(
    table: pl.DataFrame, features: Sequence[Feature], sides: Sequence[pl.Series], names: Sequence[str] = ()
) -> list[Feature]:
    """The columns that are known of people who have not bought, and of every side by enough to compare.

    Args:
        table: `customer_id` and the columns.
        features: Its columns; only those of the axes demo and extra can be known before somebody buys.
        sides: Ids of those who are compared, in groups.
        names: Columns that are not to be used.
    """
    import polars as pl

    groups = [table.filter(pl.col("customer_id").is_in(ids.implode())) for ids in sides]
    return [
        feature
        for feature in features
        if feature.axis in ("demo", "extra")
        and feature.name not in names
        and all(group.height and 1 - group[feature.name].null_count() / group.height >= FILLED for group in groups)
    ]


def nearness(group: pl.DataFrame, others: pl.DataFrame, features: Sequence[Feature]) -> Nearness:
    """Learn what parts a group from others.

    Args:
        group: The columns of the features, one row per customer of the group.
        others: The same of those it is held against.
        features: As of `known_before`.
    """
    parts = (_part(feature, group[feature.name], others[feature.name]) for feature in features)
    return Nearness(parts=tuple(part for part in parts if part is not None))


def held_out(group: pl.DataFrame, others: pl.DataFrame, features: Sequence[Feature]) -> tuple[FloatArray, FloatArray]:
    """The distances of either side from a group that is learned without them, in five parts by a hash of the id.

    Where a part leaves no column that parts the two, all of it is equally far.

    Args:
        group: As of `nearness`, with `customer_id`.
        others: The same.
        features: The same.
    """
    import numpy as np

    folds = [np.array([fold(one) for one in side["customer_id"]], dtype=np.int64) for side in (group, others)]
    found = [np.full(side.height, 0.5) for side in (group, others)]
    for number in range(FOLDS):
        learned = nearness(group.filter(folds[0] != number), others.filter(folds[1] != number), features)
        if learned.parts:
            for place, side in enumerate((group, others)):
                found[place][folds[place] == number] = learned.distances(side.filter(folds[place] == number))
    return found[0], found[1]


def fold(customer: str) -> int:
    """Which part of a test a customer belongs to: the same in every run."""
    return int.from_bytes(hashlib.blake2b(customer.encode(), digest_size=4).digest(), "big") % FOLDS


def _part(feature: Feature, group: pl.Series, others: pl.Series) -> Part | None:
    import numpy as np

    from acrm.models.nearness import separation

    ours, theirs = group.drop_nulls(), others.drop_nulls()
    if len(ours) < 2 or len(theirs) < 2:
        return None
    empty = np.empty(0)
    if feature.kind == "number":
        both = np.concatenate([ours.to_numpy(), theirs.to_numpy()])
        low, high = (float(edge) for edge in np.quantile(both, _TAILS))
        if high <= low:
            low, high = float(both.min()), float(both.max())
        if high <= low:
            return None
        scaled = np.clip((ours.to_numpy() - low) / (high - low), 0.0, 1.0)
        raw = Part(feature=feature, weight=1, neutral=0, shares={}, group=scaled, low=low, span=high - low)
    else:
        shares = {level: (share, 0.0) for level, share in _shares(ours).items()}
        for level, share in _shares(theirs).items():
            shares[level] = (shares.get(level, (0.0, 0.0))[0], share)
        raw = Part(feature=feature, weight=1, neutral=0, shares=shares, group=empty)
    far, own = _distance(raw, theirs), _distance(raw, ours)
    # One of the group is no distance from itself: it is left out of its own mean.
    own = own * len(ours) / (len(ours) - 1)
    parted: Separation = separation(own, far)
    if not parted.better(SIGMAS):
        return None
    return Part(
        feature=feature,
        weight=2 * parted.auc - 1,
        neutral=float(far.mean()),
        shares=raw.shares,
        group=raw.group,
        low=raw.low,
        span=raw.span,
    )


def _shares(values: pl.Series) -> dict[str, float]:
    """The share of rows that have each value; of lists, of rows that have it among others."""
    import polars as pl

    frame = values.to_frame("v")
    rows = frame.explode("v") if values.dtype == pl.List else frame
    counts = rows.drop_nulls().group_by("v").len().sort("v")
    return {level: count / len(values) for level, count in counts.rows()}


def _distance(part: Part, values: pl.Series) -> FloatArray:
    """The mean distance to the group's values; NaN where the value is not known.

    Of a number the absolute difference, as a share of the span; of a category the share of the group that has another;
    of several answers the mean of that over the answers.
    """
    import numpy as np
    import polars as pl

    from acrm.models.nearness import mean_gap

    if part.feature.kind == "number":
        raw = values.to_numpy()
        return np.where(np.isnan(raw), np.nan, mean_gap(np.clip((raw - part.low) / part.span, 0.0, 1.0), part.group))
    known = pl.DataFrame(
        {"v": list(part.shares), "far": [1 - share for share, _ in part.shares.values()]},
        schema={"v": pl.String, "far": pl.Float64},
    )
    rows = values.to_frame("v").with_row_index()
    several = values.dtype == pl.List
    each = (rows.explode("v") if several else rows).drop_nulls("v").join(known, on="v", how="left")
    found: FloatArray = np.full(len(values), np.nan)
    mean = each.group_by("index").agg(pl.col("far").fill_null(1.0).mean()).sort("index")
    found[mean["index"].to_numpy()] = mean["far"].to_numpy()
    return found


def _sentence(part: Part, value: Any) -> str:
    import numpy as np

    name = part.feature.name.removeprefix("x_")
    if part.feature.kind == "number":
        middle = float(np.median(part.group)) * part.span + part.low
        return text("segment_nearness.number", name=name, value=f"{value:.6g}", median=f"{middle:.6g}")
    if part.feature.kind == "multi":
        value = max(value, key=lambda one: (part.shares.get(one, (0.0, 0.0))[0], one))
    ours, theirs = part.shares.get(value, (0.0, 0.0))
    return text("segment_nearness.share", name=name, value=value, ours=ours, theirs=theirs)
