"""Two RFM results of the same customers at two moments: who moved from which segment to which."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from acrm.analysis.result import Scalar
from acrm.analysis.rfm import VALUES, RfmParams, RfmResult, axis_score, name, params_grid, score

if TYPE_CHECKING:
    import polars as pl


def migration(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Count customers by their segment before and now; both tables need `customer_id` and `segment`.

    A customer who is new has no segment before, one who is gone has none now; `share` is that of the row, so it sums
    to 1 over the customers of one segment before.

    Examples:
        >>> import polars as pl
        >>> before = pl.DataFrame({"customer_id": ["a", "b"], "segment": ["new", "new"]})
        >>> now = pl.DataFrame({"customer_id": ["a", "c"], "segment": ["loyal", "new"]})
        >>> migration(before, now).rows()
        [('new', 'loyal', 1, 0.5), ('new', None, 1, 0.5), (None, 'new', 1, 1.0)]
    """
    import polars as pl

    joined = before.select("customer_id", pl.col("segment").alias("before")).join(
        now.select("customer_id", pl.col("segment").alias("now")), on="customer_id", how="full", coalesce=True
    )
    return (
        joined.group_by("before", "now")
        .agg(pl.len().cast(pl.Int64).alias("customers"))
        .with_columns((pl.col("customers") / pl.col("customers").sum().over("before")).alias("share"))
        .sort("before", "now", nulls_last=True)
    )


def compare(result: RfmResult, before: pl.DataFrame) -> RfmResult:
    """Add what changed since an earlier table `customers`, scored again by the same rules as the result.

    It is told twice: `recut`, each moment with its own edges, says who changed place among the others; `kept`, both
    moments with the edges of the earlier one, says who changed themselves. The two are the same for fixed cuts.

    Args:
        result: What `rfm` found now.
        before: `customer_id`, `days_since_last`, `orders`, `spend` and, for the date, `last_order_at`.

    Returns:
        The result with the table `migration` (`cut`, `before`, `now`, `customers`, `share` of the row; see
        `migration`) and the table `moves`: every customer whose segment is not what it was, by `customer_id`, with
        `before`, `now` and `now_kept`, the segment now under the earlier edges.
    """
    import polars as pl

    params, now = result.params, result.tables["customers"]
    was, kept = _scored(before, before, params)
    _, now_kept = _scored(before, now, params)
    tables = {"kept": migration(kept, now_kept), "recut": migration(was, now)}
    moves = (
        was.select("customer_id", pl.col("segment").alias("before"))
        .join(now.select("customer_id", pl.col("segment").alias("now")), on="customer_id", how="full", coalesce=True)
        .join(now_kept.select("customer_id", pl.col("segment").alias("now_kept")), on="customer_id", how="left")
    )
    both = moves.drop_nulls(["before", "now"])
    figures: dict[str, Scalar] = {
        "customers_before": before.height,
        "customers_in_both": both.height,
        "customers_appeared": now.height - both.height,
        "customers_gone": before.height - both.height,
    }
    for cut, table in tables.items():
        stayed = table.filter(pl.col("before") == pl.col("now"))["customers"].sum()
        figures[f"stayed_share_{cut}"] = stayed / both.height if both.height else None
    if "last_order_at" in before.columns and before.height:
        figures["compared_with"] = before["last_order_at"][0] + timedelta(days=before["days_since_last"][0])
    matrix = pl.concat([table.select(pl.lit(cut).alias("cut"), pl.all()) for cut, table in tables.items()])
    changed = moves.filter(
        pl.col("before").ne_missing(pl.col("now")) | pl.col("before").ne_missing(pl.col("now_kept"))
    ).sort("customer_id")
    return replace(
        result,
        tables={**result.tables, "migration": matrix, "moves": changed},
        summary={**result.summary, **figures},
    )


def _scored(edges_of: pl.DataFrame, customers: pl.DataFrame, params: RfmParams) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Customers named by scores of their own, and by the edges of another moment."""
    columns = ["customer_id", *VALUES.values()]
    grid = params_grid(params)
    own, edges = score(edges_of.select(columns), params)
    scores = [axis_score(edges[axis].classes(customers[of]), axis, params.classes) for axis, of in VALUES.items()]
    return name(own, grid), name(customers.select(columns).with_columns(scores), grid)
