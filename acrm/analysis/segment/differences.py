"""In what groups of customers differ from all others, or two groups from each other."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from acrm.analysis.people.features import Feature

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

UNKNOWN = "?"
"""The level of customers of whom a feature is not known."""
LEVELS = 20
"""Most frequent levels of a feature that are looked at one by one."""
MIN_SIZE = 30
"""Fewest customers of whom something is told."""
EXPECTED = 5
"""Fewest customers that chance must put on every side of a level for its test to hold."""
NEGLIGIBLE = 0.112
"""Strength below which a difference is not worth telling: Cohen's d or h of 0.2."""
FALSE = 0.05
"""Share of chance among the differences that are called found."""
ONE_HISTORY = frozenset({"days_since_last", "orders", "spend", "mean_order", "customer_days", "gap_days", "clv"})
"""Features reckoned from the days and amounts of orders: segments made of one are made of all."""
_TOLD = ("customers", "value", "low_quartile", "high_quartile", "mean", "rest", "lift", "log_odds")
_MEASURED = ("effect", "low", "high", "strength", "p")
_COLUMNS = (*_TOLD, *_MEASURED, "_least")


def differences(
    table: pl.DataFrame,
    features: Sequence[Feature],
    labels: pl.Series,
    *,
    made_of: Collection[str] = (),
    min_size: int = MIN_SIZE,
) -> pl.DataFrame:
    """How every segment differs from all other customers, feature by feature.

    Numbers are compared by Cliff's delta among customers with a known value, levels of categories and answers of
    lists by the difference of shares among all; both are the same measure. Unknown is a level. All tests of all
    segments are one family for Benjamini and Hochberg's q. What segments are `made_of` differs because it was looked
    at to make them: it has an effect, and no p. Nor have other figures of the same orders (`ONE_HISTORY`), and what is
    unknown for want of orders.

    Args:
        table: One row per customer with `customer_id` and the features; the order of rows does not matter.
        features: Its columns.
        labels: The segment of each row; null belongs to no segment, and to the rest of each.
        made_of: Features by which the segments were found.
        min_size: Fewer customers, or known values, on either side get the verdict `small`.

    Returns:
        Sorted by `segment_id`, then in the order of `features`, then by level.

        | column | meaning |
        |---|---|
        | segment_id, feature, axis, level | level: null for the number itself, `?` for unknown |
        | customers | of the segment, with a known number or with the level |
        | value, low_quartile, high_quartile, mean | median, quartiles and mean; of a level its share alone |
        | rest | median or share of all others |
        | lift, log_odds | of a level: share over that of all customers; log odds ratio to the rest (counts + 1/2) |
        | effect, low, high | Cliff's delta or difference of shares, and its interval at 95% |
        | strength | size of the effect on one scale from 0 to 1 |
        | p, q | null where nothing was tested |
        | verdict | differs, made_of, negligible (strength below 0.112), chance (q above 5%), small |
    """
    import polars as pl

    everyone = table.with_columns(labels.alias("_segment")).sort("customer_id")
    ids = everyone["_segment"].drop_nulls().unique().sort()
    place = pl.DataFrame({"_segment": ids, "_group": range(len(ids))}, schema_overrides={"_group": pl.Int64})
    group = everyone.join(place, on="_segment", how="left", maintain_order="left")["_group"].fill_null(len(ids))
    rows = _rows(everyone, features, group.to_numpy(), len(ids))
    return _judged(rows.join(place.rename({"_segment": "segment_id"}), on="_group"), made_of, min_size)


def compare(
    table: pl.DataFrame,
    features: Sequence[Feature],
    mask_a: pl.Series,
    mask_b: pl.Series,
    *,
    made_of: Collection[str] = (),
    min_size: int = MIN_SIZE,
) -> pl.DataFrame:
    """How one group of customers differs from another, the strongest difference first.

    Who belongs to both is counted in neither. `made_of` names what the groups were chosen by.

    Returns:
        As `differences`, without `segment_id`: `value` is of A, `rest` of B, `effect` above 0 where A has more. Lifts
        are to A and B together.
    """
    import polars as pl

    either = mask_a ^ mask_b
    both = table.with_columns((~mask_a).cast(pl.Int64).alias("_group")).filter(either).sort("customer_id")
    rows = _rows(both, features, both["_group"].to_numpy(), 2).filter(_group=0)
    found = _judged(rows.with_columns(segment_id=pl.lit(1)), made_of, min_size).drop("segment_id")
    return found.sort(pl.col("strength").fill_null(-1), descending=True, maintain_order=True)


def findings(found: pl.DataFrame) -> pl.DataFrame:
    """What is worth telling of `differences`, the strongest of each segment first."""
    import polars as pl

    told = found.filter(pl.col("verdict").is_in(["differs", "made_of"]))
    return told.sort("segment_id", -pl.col("strength"), maintain_order=True)


def levels_of(values: pl.Series, feature: Feature) -> list[str]:
    """The levels of a feature, in order; a number has the level unknown at most.

    Of many the `LEVELS` most frequent, of equals the first by name; unknown, where some are, is always among them.
    """
    unknown = [UNKNOWN] if 0 < values.null_count() < len(values) else []
    if feature.kind == "number":
        return unknown
    every = values.explode() if feature.kind == "multi" else values
    counted = every.drop_nulls().alias("level").value_counts()
    return unknown + counted.sort("count", "level", descending=[True, False])["level"].head(LEVELS).sort().to_list()


def having(values: pl.Series, feature: Feature, level: str) -> NDArray[np.bool_]:
    """Which rows have a level."""
    if level == UNKNOWN:
        return values.is_null().to_numpy()
    has = values.list.contains(level) if feature.kind == "multi" else values == level
    return has.fill_null(value=False).to_numpy()


def _rows(table: pl.DataFrame, features: Sequence[Feature], group: NDArray[np.int64], groups: int) -> pl.DataFrame:
    """One row per feature, level and group; who has a number beyond the last group belongs to none of them."""
    import numpy as np
    import polars as pl

    names: list[tuple[int, str, str, str | None]] = []
    measured: list[dict[str, Any]] = []
    sizes = np.bincount(group, minlength=groups + 1)
    for position, feature in enumerate(features):
        values = table[feature.name]
        if feature.kind == "number":
            names.append((position, feature.name, feature.axis, None))
            measured.append(_of_numbers(values, group, groups))
        for level in levels_of(values, feature):
            names.append((position, feature.name, feature.axis, level))
            members = group[having(values, feature, level)]
            measured.append(_of_level(np.bincount(members, minlength=groups + 1), sizes))
    schema = {"_place": pl.Int64, "feature": pl.String, "axis": pl.String, "level": pl.String}
    meta = pl.DataFrame(names, schema=schema, orient="row")
    columns = {
        name: np.concatenate([np.empty(0), *(np.asarray(one[name])[:groups] for one in measured)]) for name in _COLUMNS
    }
    size = np.minimum(sizes, sizes.sum() - sizes)[:groups]
    beside = {"_group": np.tile(np.arange(groups), len(names)), "_size": np.tile(size, len(names))}
    return (
        meta.select(pl.all().repeat_by(groups).explode())
        .hstack(pl.DataFrame(columns | beside))
        .with_columns(pl.col(*_COLUMNS).fill_nan(None))
        .with_columns(pl.col("customers").cast(pl.Int64))
    )


def _of_numbers(values: pl.Series, group: NDArray[np.int64], groups: int) -> dict[str, Any]:
    import numpy as np

    from acrm.models.group_effects import cliffs_delta

    known = values.is_not_null().to_numpy()
    numbers, where = values.drop_nulls().to_numpy(), group[known]
    blank = np.full(groups, np.nan)
    told = {name: blank.copy() for name in _TOLD}
    counts = np.bincount(where, minlength=groups + 1)
    order = np.argsort(numbers)
    upward, whose = numbers[order], where[order]
    for which in np.flatnonzero(counts[:groups]):
        inside, outside = upward[whose == which], upward[whose != which]
        for name, share in (("low_quartile", 0.25), ("value", 0.5), ("high_quartile", 0.75)):
            told[name][which] = _quantile(inside, share)
        told["mean"][which] = inside.mean()
        if len(outside):
            told["rest"][which] = _quantile(outside, 0.5)
    told["customers"] = counts.astype(float)
    least = np.minimum(counts, len(numbers) - counts)
    return told | vars(cliffs_delta(numbers, where, groups)) | {"_least": least}


def _quantile(upward: NDArray[np.float64], share: float) -> float:
    """The quantile of sorted numbers, those between two ranks linear (type 7)."""
    at = share * (len(upward) - 1)
    below = int(at)
    above = min(below + 1, len(upward) - 1)
    return float(upward[below] + (at - below) * (upward[above] - upward[below]))


def _of_level(having: NDArray[np.int64], sizes: NDArray[np.int64]) -> dict[str, Any]:
    import numpy as np

    from acrm.models.group_effects import difference_of_shares

    n, total = sizes.sum(), having.sum()
    outside, others = sizes.sum() - sizes, total - having
    with np.errstate(divide="ignore", invalid="ignore"):
        share, rest = having / sizes, others / outside
    told = {name: np.full(len(sizes), np.nan) for name in _TOLD}
    told |= {"customers": having, "value": share, "rest": rest, "lift": share * n / total}
    odds = (having + 0.5) / (sizes - having + 0.5) / ((others + 0.5) / (outside - others + 0.5))
    expected = np.minimum(sizes, outside) * min(total, n - total) / n
    effects = vars(difference_of_shares(having, sizes))
    return told | {"log_odds": np.log(odds)} | effects | {"_least": expected}


def _judged(rows: pl.DataFrame, made_of: Collection[str], min_size: int) -> pl.DataFrame:
    """P, q and verdict of every row, in order."""
    import polars as pl

    from acrm.models.rule_tests import benjamini_hochberg

    least = pl.when(pl.col("level").is_null()).then(min_size).otherwise(EXPECTED)
    enough = (pl.col("_size") >= min_size) & (pl.col("_least") >= least)
    made = pl.col("feature").is_in(list(made_of))
    if ONE_HISTORY & set(made_of):
        for_want = ~pl.col("axis").is_in(["demo", "extra"]) & (pl.col("level") == UNKNOWN).fill_null(value=False)
        made |= pl.col("feature").is_in(list(ONE_HISTORY)) | for_want
    rows = rows.sort("segment_id", "_place", "level", nulls_last=False)
    rows = rows.with_columns(enough.alias("_enough"), p=pl.when(enough & ~made).then("p"))
    tested = rows.with_row_index("_row").drop_nulls("p")
    q = tested.select("_row", q=pl.Series(benjamini_hochberg(tested["p"].to_numpy()), dtype=pl.Float64))
    return (
        rows.with_row_index("_row")
        .join(q, on="_row", how="left", maintain_order="left")
        .with_columns(
            verdict=pl.when(~pl.col("_enough"))
            .then(pl.lit("small"))
            .when(pl.col("strength") < NEGLIGIBLE)
            .then(pl.lit("negligible"))
            .when(made)
            .then(pl.lit("made_of"))
            .when(pl.col("q") > FALSE)
            .then(pl.lit("chance"))
            .otherwise(pl.lit("differs"))
        )
        .select("segment_id", "feature", "axis", "level", *_TOLD, *_MEASURED, "q", "verdict")
    )
