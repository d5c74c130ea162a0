"""RFM: every customer scored on when they last ordered, how often and for how much, and named by a segment grid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, get_args

from acrm.analysis.grid import AXES, OTHER, Grid, load_grid
from acrm.analysis.history import read_history
from acrm.analysis.result import Result, Scalar
from acrm.analysis.scoring import Edges, ntile, observed_edges, quantile_edges, ranked_classes
from acrm.errors import UsageError
from acrm.messages import Message, text

if TYPE_CHECKING:
    import polars as pl

Scoring = Literal["tie-safe", "r-rfm", "rank", "ntile", "fixed"]
VALUES = {"r": "days_since_last", "f": "orders", "m": "spend"}
"""The column that each axis scores."""


@dataclass(frozen=True, kw_only=True)
class RfmParams:
    """How customers are scored and named.

    Attributes:
        as_of: The day from which days are counted; later lines are left out. None: the day after the last event.
        refunds: `net` takes refunds off the spend, `ignore` leaves them out.
        scoring: `tie-safe` (equal values score equal), `r-rfm` (the cuts of the R package rfm), `rank` (pandas qcut,
            orders by rank), `ntile` (SQL), `fixed` (own `cuts`). See docs/methods/rfm.md.
        classes: Scores run from 1 (worst) to this.
        cuts: For `fixed`: by axis (`r` in days, `f` in orders, `m` in money), ascending, one fewer than `classes`;
            a value equal to a cut belongs below it. An axis without cuts is scored `tie-safe`.
        grid: Name of a built-in grid or a parsed TOML document. None: `r-rfm` for that scoring, else `ten`.
    """

    as_of: date | None = None
    refunds: Literal["net", "ignore"] = "net"
    scoring: Scoring = "tie-safe"
    classes: int = 5
    cuts: Mapping[str, tuple[Decimal | int, ...]] | None = None
    grid: str | Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        for value, known in ((self.scoring, get_args(Scoring)), (self.refunds, ("net", "ignore"))):
            if value not in known:
                raise UsageError("rfm_choice", value=value, known=", ".join(known))
        if not 2 <= self.classes <= 100:
            raise UsageError("rfm_classes", classes=self.classes)
        if (self.scoring == "fixed") is not bool(self.cuts):
            raise UsageError("rfm_no_cuts" if self.scoring == "fixed" else "rfm_cuts_unused", scoring=self.scoring)
        for axis, cuts in (self.cuts or {}).items():
            if axis not in AXES or len(cuts) != self.classes - 1 or any(low >= high for low, high in pairwise(cuts)):
                raise UsageError("rfm_cuts", axis=axis, wanted=self.classes - 1)


@dataclass(frozen=True, kw_only=True)
class RfmResult(Result):
    """Tables `customers`, `segments`, `edges`, `grid`; a comparison or a validation adds its own."""

    params: RfmParams


def rfm(transactions: pl.LazyFrame, params: RfmParams) -> RfmResult:
    """Score every customer who bought something, and name them.

    A value's class is its place between the quantile edges of all values (a value equal to an edge belongs below it);
    `f` and `m` are the class, `r` counts backwards, so the highest score is best on every axis. Customers with equal
    values get equal scores and the order of rows never matters. Method and sources: docs/methods/rfm.md.

    Args:
        transactions: Canonical order lines, see `acrm.summaries.customers.customer_history`; or their `order_parts`.
        params: See `RfmParams`.

    Returns:
        Table `customers`, one row each, sorted by `customer_id`:

        | column | type | unit, range |
        |---|---|---|
        | `customer_id` | String | |
        | `days_since_last` | Int64 | days, 0 = ordered on `as_of` |
        | `orders` | Int64 | distinct order ids, 1 or more |
        | `spend` | Decimal | currency of the lines; below 0 if more was refunded |
        | `r`, `f`, `m` | UInt8 | 1 worst to `classes` best |
        | `segment` | String | id of the grid; `other` where no rule fits |
        | `first_order_at`, `last_order_at` | Date | |

        Table `segments`, in the order of the grid: `segment`, `label`, `customers`, `share`, `orders`, `spend`,
        `spend_share`, `median_days`, `next_step`. Table `edges`, by axis and score: `lowest` and `highest` value
        seen, `customers`, and `edge`, where the class ends towards higher values (null for the highest class).
        Table `grid`, by cell: `segment`, `claims` (how many segments have a rule for it), `customers`.

    Raises:
        InputError: No customer with a sale line up to `as_of`; more than one currency.
        UsageError: The grid is none, or has another number of classes.

    Examples:
        >>> import polars as pl
        >>> lines = pl.LazyFrame({
        ...     "order_id": ["1", "2", "3"],
        ...     "customer_id": ["ada", "bob", "bob"],
        ...     "ordered_on": [date(2025, 1, 5), date(2025, 3, 1), date(2025, 3, 9)],
        ...     "line_amount": [Decimal("10.00"), Decimal("7.50"), Decimal("2.50")],
        ... })
        >>> grid = {"classes": 2, "segment": [{"id": "active", "r": 2}, {"id": "away", "r": 1}]}
        >>> result = rfm(lines, RfmParams(classes=2, grid=grid))
        >>> result.summary["as_of"]
        datetime.date(2025, 3, 10)
        >>> result.tables["customers"].select("customer_id", "days_since_last", "r", "f", "m", "segment").rows()
        [('ada', 64, 1, 1, 1, 'away'), ('bob', 1, 2, 2, 1, 'active')]
    """
    grid = params_grid(params)
    history = read_history(transactions, refunds=params.refunds, as_of=params.as_of)
    scored, edges = score(history.customers, params)
    customers = name(scored, grid)
    segments = _segments(customers, grid)
    edge_table = _edge_table(customers, edges, params.classes)
    cells = _grid_table(customers, grid)
    shares: dict[str, Scalar] = {
        f"{row['segment']}_{figure}": row[figure]
        for row in segments.iter_rows(named=True)
        for figure in ("customers", "share", "spend_share")
    }
    return RfmResult(
        params=params,
        tables={"customers": customers, "segments": segments, "edges": edge_table, "grid": cells},
        summary={**history.figures, "scoring": params.scoring, "grid": grid.name, **shares},
        notes=(*history.notes, *_score_notes(customers, edge_table, params), *_grid_notes(cells, grid)),
    )


def params_grid(params: RfmParams) -> Grid:
    """The grid that the parameters ask for."""
    grid = load_grid(params.grid or ("r-rfm" if params.scoring == "r-rfm" else "ten"))
    if grid.classes != params.classes:
        raise UsageError("rfm_grid_classes", grid=grid.name, has=grid.classes, classes=params.classes)
    return grid


def score(history: pl.DataFrame, params: RfmParams) -> tuple[pl.DataFrame, dict[str, Edges]]:
    """Add `r`, `f`, `m` to customers with `days_since_last`, `orders`, `spend`; and say where the edges are.

    For `rank` and `ntile` equal values are taken in the order of `customer_id`, and the edges are the highest value
    seen in each class.
    """
    history = history.sort("customer_id")
    scores, edges = [], {}
    for axis, column in VALUES.items():
        values = history[column]
        if params.scoring == "ntile" or (params.scoring == "rank" and axis == "f"):
            classes = (ntile if params.scoring == "ntile" else ranked_classes)(values, params.classes)
            edges[axis] = observed_edges(values, classes, params.classes)
        else:
            if params.cuts and axis in params.cuts:
                edges[axis] = Edges(tuple(Decimal(cut) for cut in params.cuts[axis]))
            else:
                edges[axis] = quantile_edges(values, params.classes, plus=1 if params.scoring == "r-rfm" else None)
            classes = edges[axis].classes(values)
        scores.append(axis_score(classes, axis, params.classes))
    return history.with_columns(scores), edges


def axis_score(classes: pl.Series, axis: str, count: int) -> pl.Series:
    """Classes of ascending values as scores: few days since the last order are good, the rest is good when high."""
    return (count + 1 - classes if axis == "r" else classes).alias(axis)


def name(scored: pl.DataFrame, grid: Grid) -> pl.DataFrame:
    """The table `customers`: scored customers with their `segment`, sorted by `customer_id`."""
    dates = (column for column in ("first_order_at", "last_order_at") if column in scored.columns)
    named = scored.join(_cells(grid).drop("claims"), on=list(grid.axes))
    return named.select("customer_id", *VALUES.values(), *AXES, "segment", *dates).sort("customer_id")


def _segments(customers: pl.DataFrame, grid: Grid) -> pl.DataFrame:
    import polars as pl

    sums = customers.group_by("segment").agg(
        pl.len().cast(pl.Int64).alias("customers"),
        pl.col("orders", "spend").sum(),
        pl.col("days_since_last").median().alias("median_days"),
    )
    order = [*grid.segments, *([OTHER] if OTHER in customers["segment"] else [])]
    words = pl.DataFrame(
        [(segment, grid.label(segment), grid.next_step(segment)) for segment in order],
        schema=["segment", "label", "next_step"],
        orient="row",
    )
    spend = pl.col("spend").cast(pl.Float64)
    return (
        words.join(sums, on="segment", how="left", maintain_order="left")
        .with_columns(pl.col("customers", "orders", "spend").fill_null(0))
        .select(
            "segment",
            "label",
            "customers",
            (pl.col("customers") / customers.height).alias("share"),
            "orders",
            "spend",
            pl.when(customers["spend"].sum() > 0).then(spend / float(customers["spend"].sum())).alias("spend_share"),
            "median_days",
            "next_step",
        )
    )


def _edge_table(customers: pl.DataFrame, edges: Mapping[str, Edges], classes: int) -> pl.DataFrame:
    import polars as pl

    money = pl.Decimal(38, 4)
    tables = []
    for axis, column in VALUES.items():
        ends = pl.Series("edge", [*map(str, edges[axis].values), None], dtype=pl.String).cast(money)
        scores = axis_score(pl.int_range(1, classes + 1, dtype=pl.UInt8, eager=True), axis, classes).alias("score")
        value = pl.col(column).cast(money)
        seen = customers.group_by(pl.col(axis).alias("score")).agg(
            value.min().alias("lowest"), value.max().alias("highest"), pl.len().cast(pl.Int64).alias("customers")
        )
        table = pl.DataFrame([scores, ends]).join(seen, on="score", how="left")
        tables.append(table.select(pl.lit(axis).alias("axis"), "score", "lowest", "highest", "customers", "edge"))
    return pl.concat(tables).with_columns(pl.col("customers").fill_null(0)).sort("axis", "score")


def _cells(grid: Grid) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(
        [(*cell.scores, cell.segment, cell.claims) for cell in grid.cells()],
        schema={**dict.fromkeys(grid.axes, pl.UInt8()), "segment": pl.String(), "claims": pl.UInt8()},
        orient="row",
    )


def _grid_table(customers: pl.DataFrame, grid: Grid) -> pl.DataFrame:
    import polars as pl

    axes = list(grid.axes)
    sizes = customers.group_by(axes).agg(pl.len().cast(pl.Int64).alias("customers"))
    table = _cells(grid).join(sizes, on=axes, how="left")
    return table.with_columns(pl.col("customers").fill_null(0)).sort(axes)


def _score_notes(customers: pl.DataFrame, edges: pl.DataFrame, params: RfmParams) -> Iterator[Message]:
    import polars as pl

    for axis, column in VALUES.items():
        word = {"axis": axis, "values": text(f"rfm.axis.{axis}")}
        empty = edges.filter(pl.col("axis") == axis, pl.col("customers") == 0)["score"].to_list()
        if empty:
            distinct = customers[column].n_unique()
            cause = "r_rfm" if params.scoring == "r-rfm" else "cuts" if axis in (params.cuts or {}) else "ties"
            values = {**word, "scores": ", ".join(map(str, empty)), "distinct": distinct}
            yield Message(f"rfm.empty_scores_{cause}", values)
        if params.scoring in ("rank", "ntile"):
            split = customers.filter(pl.col(axis).n_unique().over(column) > 1).height
            if split:
                yield Message("rfm.split_ties", {**word, "customers": split, "share": split / customers.height})
    if not_positive := customers.filter(pl.col("spend") <= 0).height:
        yield Message("rfm.spend_not_positive", {"customers": not_positive})


def _grid_notes(cells: pl.DataFrame, grid: Grid) -> Iterator[Message]:
    import polars as pl

    for fault, test in (("uncovered", pl.col("claims") == 0), ("overlap", pl.col("claims") > 1)):
        found = cells.filter(test)
        if found.height:
            values = {
                "grid": grid.name,
                "cells": found.height,
                "of": cells.height,
                "customers": found["customers"].sum(),
            }
            yield Message(f"rfm.grid_{fault}", values)
