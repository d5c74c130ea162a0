"""What an offer needs besides its place in a list: when it is due, what to expect of it, and why, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acrm.analysis.offers.purchases import followers
from acrm.messages import text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    import polars as pl

OWN_GAPS = 2
"""Spans between purchases from which a customer's own rhythm is taken; with fewer it is the product's."""
PRODUCT_GAPS = 5
"""Spans from which a product's rhythm is taken; with fewer it is that of all products."""
WAITS = 3
"""Customers who bought the second product later, from whom its due window is taken."""
COLUMNS = ("customer_id", "kind", "rank", "product_id", "score", "expected_value", "due_from", "due_to", "reason")


def offered(
    lists: pl.DataFrame,
    history: pl.DataFrame,
    everybody: pl.DataFrame,
    products: pl.DataFrame,
    chances: pl.DataFrame,
    as_of: date,
) -> pl.DataFrame:
    """The lists as a table of offers, sorted by customer, kind (repeat first) and rank.

    A window that is past starts on `as_of` and keeps its width.

    Args:
        lists: As of `lists.repeat_list` and `lists.new_list`.
        history: Of the customers of the lists, as of `purchases.histories`.
        everybody: The same of all customers, from whom reasons are taken.
        products: `product_id`, `product_name`, `value`, `margin_rate`, and the columns of `purchases.spans`.
        chances: `kind`, `score`, `probability`, see `check.Check`.
        as_of: Today.
    """
    import polars as pl

    names = products.select(because="product_id", because_name="product_name")
    new = lists.filter(kind="new")
    table = (
        lists.join(products.drop("orders", "customers"), on="product_id", how="left")
        .join(history, on=["customer_id", "product_id"], how="left")
        .join(names, on="because", how="left")
        .join(followers(everybody, new.select("because", "product_id")), on=["because", "product_id"], how="left")
        .join(
            history.select("customer_id", because="product_id", began="last_on"),
            on=["customer_id", "because"],
            how="left",
        )
    )
    rhythm = pl.col("gaps") >= OWN_GAPS
    low, high = (
        pl.when(kind="repeat")
        .then(pl.when(rhythm).then(f"gap_{end}").otherwise(f"of_{end}"))
        .when(pl.col("then") >= WAITS)
        .then(f"wait_{end}")
        .floor()
        for end in ("low", "high")
    )
    since = pl.when(kind="repeat").then("last_on").otherwise("began")
    start = pl.max_horizontal(since + pl.duration(days=low), pl.lit(as_of))
    end = pl.max_horizontal(since + pl.duration(days=high), start + pl.duration(days=high - low))
    known = low.is_not_null() & since.is_not_null()
    # What the customer usually pays for it; once is no habit, and then it is what is usual.
    value = pl.coalesce(pl.when(pl.col("times") > 1).then(pl.col("usual") * pl.col("margin_rate")), "value")
    table = table.with_columns(
        due_from=pl.when(known).then(start).cast(pl.Date),
        due_to=pl.when(known).then(end).cast(pl.Date),
        probability=_probability(table, chances),
    ).with_columns(
        expected_value=(pl.col("probability") * value).round(2).cast(pl.Decimal(38, 4)),
        turn=pl.col("kind").replace_strict({"repeat": 0, "new": 1}, return_dtype=pl.Int8),
    )
    table = _with_reasons(table, rhythm)
    return table.sort("customer_id", "turn", "rank").select(COLUMNS)


def _probability(table: pl.DataFrame, chances: pl.DataFrame) -> pl.Series:
    import numpy as np
    import polars as pl

    found = np.full(table.height, np.nan)
    for kind in ("repeat", "new"):
        line = chances.filter(kind=kind)
        rows = (table["kind"] == kind).to_numpy()
        if line.height:
            scores = table["score"].to_numpy()[rows]
            found[rows] = np.interp(scores, line["score"].to_numpy(), line["probability"].to_numpy())
    return pl.Series("probability", found).fill_nan(None)


def _with_reasons(table: pl.DataFrame, rhythm: pl.Expr) -> pl.DataFrame:
    """The table with `reason`; each sentence is written once, however many customers it stands for."""
    import polars as pl

    days = pl.when(kind="repeat").then(pl.when(rhythm).then("gap_median").otherwise(None)).otherwise("wait_median")
    parts = {
        "days": days.round().cast(pl.Int64),
        "name": pl.coalesce(pl.col("because_name").str.strip_chars(), "because"),
        "n": pl.when(kind="repeat").then("times").when(pl.col("then") > 0).then("then").otherwise("both"),
        "of": pl.col("orders"),
        "later": pl.col("then") > 0,
    }
    keys = ["kind", *parts]
    table = table.with_columns(**parts)
    kinds = table.select(keys).unique(maintain_order=True)
    words = kinds.with_columns(reason=pl.Series(_sentences(kinds.iter_rows(named=True)), dtype=pl.String))
    return table.join(words, on=keys, how="left", nulls_equal=True)


def _sentences(rows: Iterable[dict[str, object]]) -> list[str]:
    said = []
    for row in rows:
        if row["kind"] == "repeat":
            id = "repeat_often" if row["days"] is not None else "repeat"
        else:
            id = "then" if row["later"] else "both"
        said.append(text(f"offers.reason.{id}", **row))
    return said
