"""Who is in another segment than in an earlier result, and what of them has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from acrm.errors import InputError
from acrm.messages import number, text

if TYPE_CHECKING:
    import polars as pl

TOLD = 2
"""Changes that are told of a customer."""


def by_model(model: Mapping[str, Any], now: pl.DataFrame) -> pl.DataFrame:
    """The table of customers in the segments of an earlier model: `customer_id`, `segment`, its name.

    Raises:
        InputError: It is no model, or columns of it are missing.
    """
    import polars as pl

    from acrm.analysis.segment.clustering import Model

    placed = Model.from_document(model).place(now)
    try:
        names = {int(key): str(name) for key, name in model["names"].items()}
    except (AttributeError, KeyError, ValueError):
        raise InputError("segment_model") from None
    segment = pl.col("segment_id").replace_strict(names, return_dtype=pl.String, default=None)
    return placed.select("customer_id", segment.alias("segment"))


def moves(
    before: pl.DataFrame, was: pl.DataFrame, now: pl.DataFrame, placed: pl.DataFrame, told: Sequence[str]
) -> pl.DataFrame:
    """Who is in another segment than before, by the limits of before, so that who moved has changed, and not they.

    Args:
        before: Main table of the earlier result: `customer_id`, `segment_id`, `segment`.
        was: Its table `people`.
        now: The table of customers as it is now.
        placed: The customers of now in the segments of before, as of `by_model`.
        told: Columns in which a change may be told.

    Returns:
        By `customer_id`: `before` and `now`, the names of the segments (null: was not, is not there), `why` (what
        changed most, measured in the spread that it had; null where nothing did).

    Raises:
        InputError: Columns of the model are missing.
    """
    import polars as pl

    both = before.select("customer_id", pl.col("segment").alias("before")).join(
        placed.select("customer_id", pl.col("segment").alias("now")), on="customer_id", how="full", coalesce=True
    )
    moved = both.filter(pl.col("before").ne_missing(pl.col("now"))).sort("customer_id")
    staying = moved.drop_nulls().select("customer_id")
    columns = [
        name for name in told if name in was.columns and name in now.columns and was[name].dtype == now[name].dtype
    ]
    earlier = staying.join(was, on="customer_id", how="left", maintain_order="left")
    later = staying.join(now, on="customer_id", how="left", maintain_order="left")
    changes = [_changes(was[name], earlier[name], later[name]) for name in columns]
    why = []
    for row in range(staying.height):
        sizes = sorted(
            ((found[row], name) for name, found in zip(columns, changes, strict=True) if found[row]), reverse=True
        )
        why.append("; ".join(_said(name, earlier[name][row], later[name][row]) for _, name in sizes[:TOLD]) or None)
    reasons = staying.with_columns(why=pl.Series(why, dtype=pl.String))
    return moved.join(reasons, on="customer_id", how="left", maintain_order="left")


def _changes(all_of_it: pl.Series, earlier: pl.Series, later: pl.Series) -> list[float]:
    """How much each value changed, in quartile ranges of what there was; another category is one of these."""
    import polars as pl

    if not earlier.dtype.is_numeric():
        frame = pl.DataFrame({"a": earlier, "b": later}).select(pl.col("a").ne_missing(pl.col("b")).cast(pl.Float64))
        return frame.to_series().to_list()
    low, high = all_of_it.quantile(0.25), all_of_it.quantile(0.75)
    spread = (high - low) if low is not None and high is not None else 0.0
    spread = spread or float(all_of_it.std() or 0) or 1.0  # type: ignore[arg-type]
    return ((later - earlier).abs() / spread).fill_null(0.0).fill_nan(0.0).to_list()


def _said(name: str, earlier: Any, later: Any) -> str:
    from acrm.analysis.segment.naming import level_words, readable

    def word(value: Any) -> str:
        if value is None:
            return text("segment.unknown")
        return number(value) if isinstance(value, float) else level_words(str(value))

    return text("segment.changed", feature=readable(name), before=word(earlier), now=word(later))
