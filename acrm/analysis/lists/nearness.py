"""How near customers are to a group by what is known of them before they buy, and which of it makes them so."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from acrm.messages import text

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.people.features import Feature
    from acrm.models.histories import FloatArray
    from acrm.models.nearness import Separation

FOLDS = 5
FILLED = 0.05
"""Share of either side of whom a column must be known."""
SIGMAS = 2.0
"""A column counts if it parts the group from the others by more than so many standard errors."""
REASONS = 3
MOST = 20_000
BEFORE = ("demo", "extra")
"""The axes that are known before somebody buys."""
_TAILS = (0.05, 0.95)


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one column says of a group.

    Attributes:
        feature: The column.
        weight: Twice what it exceeds one half by in parting the group from the others.
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
        """The weighted mean of the columns' distances (Gower's), 0 to 1, one for each row; 0 where no column counts."""
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


def known_before(features: Sequence[Feature], sides: Sequence[pl.DataFrame]) -> list[Feature]:
    """The columns that are known of people who have not bought, and of every side by enough to compare.

    Args:
        features: What is known of customers; only those of the axes `BEFORE` count.
        sides: Those who are compared, in groups.
    """
    return [
        feature
        for feature in features
        if feature.axis in BEFORE
        and all(side.height and side[feature.name].count() >= FILLED * side.height for side in sides)
    ]


def nearness(group: pl.DataFrame, others: pl.DataFrame, features: Sequence[Feature]) -> Nearness:
    """Learn what parts a group from others.

    A column counts if, on customers held out, those of the group are nearer by it than the others by more than two
    standard errors of the AUC.

    Args:
        group: `customer_id` and the columns of the features, one row per customer of the group.
        others: The same of those it is held against.
        features: As of `known_before`.
    """
    parts = []
    for feature in features:
        alone = partial(_alone, feature=feature)
        parted = separation_of(group, others, alone)
        if parted is not None and parted.better(SIGMAS):
            parts += [replace(part, weight=2 * parted.auc - 1) for part in alone(group, others).parts]
    return Nearness(parts=tuple(parts))


def separation_of(
    group: pl.DataFrame, others: pl.DataFrame, learn: Callable[[pl.DataFrame, pl.DataFrame], Scores]
) -> Separation | None:
    """How well what is learned parts the two where they are held out; None where either has nobody."""
    from acrm.models.nearness import separation

    near, far = held_out(group, others, learn)
    return separation(near, far) if near.size and far.size else None


def _alone(group: pl.DataFrame, others: pl.DataFrame, feature: Feature) -> Nearness:
    part = _part(feature, group[feature.name], others[feature.name])
    return Nearness(parts=() if part is None else (part,))


class Scores(Protocol):
    """What was learned of a group."""

    def distances(self, table: pl.DataFrame) -> FloatArray:
        """How far each row is from it."""


def held_out(
    group: pl.DataFrame, others: pl.DataFrame, learn: Callable[[pl.DataFrame, pl.DataFrame], Scores]
) -> tuple[FloatArray, FloatArray]:
    """The distances of either side from a group that is learned without them, in five parts by a hash of the customer.

    Of more than `MOST` rows as many are taken at most, evenly spread.

    Args:
        group: `customer_id` and the columns that are learned from.
        others: The same.
        learn: Makes scores of the two.
    """
    import numpy as np

    group, others = (side.gather_every(max(1, -(-side.height // MOST))) for side in (group, others))
    folds = [np.array([fold(one) for one in side["customer_id"]], dtype=np.int64) for side in (group, others)]
    found = [np.zeros(side.height) for side in (group, others)]
    for number in range(FOLDS):
        learned = learn(group.filter(folds[0] != number), others.filter(folds[1] != number))
        for place, side in enumerate((group, others)):
            found[place][folds[place] == number] = learned.distances(side.filter(folds[place] == number))
    return found[0], found[1]


def fold(customer: str) -> int:
    """Which part of a test a customer belongs to: the same in every run."""
    return int.from_bytes(hashlib.blake2b(customer.encode(), digest_size=4).digest(), "big") % FOLDS


def _part(feature: Feature, group: pl.Series, others: pl.Series) -> Part | None:
    import numpy as np

    ours, theirs = group.drop_nulls(), others.drop_nulls()
    if not (len(ours) and len(theirs)):
        return None
    part = Part(feature=feature, weight=1.0, neutral=0.0, shares={}, group=np.empty(0))
    if feature.kind == "number":
        both = np.concatenate([ours.to_numpy(), theirs.to_numpy()])
        low, high = (float(edge) for edge in np.quantile(both, _TAILS))
        if high <= low:
            low, high = float(both.min()), float(both.max())
        if high <= low:
            return None
        scaled = np.clip((ours.to_numpy() - low) / (high - low), 0.0, 1.0)
        part = replace(part, group=scaled, low=low, span=high - low)
    else:
        shares = {level: (share, 0.0) for level, share in _shares(ours).items()}
        for level, share in _shares(theirs).items():
            shares[level] = (shares.get(level, (0.0, 0.0))[0], share)
        part = replace(part, shares=shares)
    return replace(part, neutral=float(_distance(part, theirs).mean()))


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
