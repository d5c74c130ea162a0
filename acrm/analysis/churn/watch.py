"""What has changed since an earlier run: columns that drifted, risk bands, who newly entered; and what ends soon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from acrm.analysis.churn.label import called
from acrm.analysis.result import Scalar
from acrm.analysis.segment.naming import readable
from acrm.messages import Message, listed, number, text

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.people.features import Feature

SOME, LARGE = 0.1, 0.25
"""Stability indices that are called some drift and a large one."""
LEVEL = 0.05
"""Chance that any column at all is called drifted though none has."""
_CLASSES, _LEVELS = 10, 20
TALKED_OF = "^(about_|answer_hours|calls|complaints|price|return|satisfaction|tickets)"
"""Features that an operator can ask a customer about."""


@dataclass(frozen=True, kw_only=True)
class Watched:
    """Tables, flat figures, and what to know."""

    tables: dict[str, pl.DataFrame]
    figures: dict[str, Scalar] = field(default_factory=dict)
    notes: tuple[Message, ...] = ()


def drift(before: pl.DataFrame, now: pl.DataFrame, features: Sequence[Feature]) -> Watched:
    """Compare the distribution of each column with that of an earlier run.

    Numbers are cut at the tenths of the earlier run, a class for unknown ones added; categories are their 20 most
    frequent levels and the rest; lists are the share of customers who have each of their levels, the one that changed
    most being told. A column has drifted where its population stability index is above 0.1 and above what chance
    reaches in one of twenty comparisons of all columns together.

    Args:
        before: The customers of the earlier run, with the columns.
        now: Those of this one.
        features: What the columns are; one that either run lacks is told as missing.

    Returns:
        Table `drift`, by index: `column`, `index`, `chance` (what it exceeds in one of twenty such comparisons if
        nothing moved), `drift` (`none`, `some`, `large`, `missing`), `level` (the class whose share changed most),
        `before`, `now` (its shares). Figures `drifted` (columns), `drift_largest`.
    """
    import numpy as np
    import polars as pl

    from acrm.models.drift import chance_index, stability_index

    rows: list[dict[str, Any]] = []
    level = LEVEL / max(len(features), 1)
    # Of nobody there is nothing to compare.
    for feature in features if before.height and now.height else ():
        name = feature.name
        if name not in before.columns or name not in now.columns:
            rows.append({"column": name, "drift": "missing"})
            continue
        tables = [_classes(before[name], frame[name], feature.kind) for frame in (before, now)]
        labels = sorted(set().union(*tables))
        then, later = (np.array([table.get(label, 0) for label in labels], dtype=float) for table in tables)
        sizes = (before.height, now.height)
        if feature.kind == "multi":
            # Each level is a yes and no of its own.
            pairs = [
                (np.array([b, sizes[0] - b]), np.array([n, sizes[1] - n])) for b, n in zip(then, later, strict=True)
            ]
            found = [(stability_index(*pair), chance_index(*pair, level / max(len(pairs), 1))) for pair in pairs]
            index, chance = max(found, default=(0.0, 0.0))
        else:
            index, chance = stability_index(then, later), chance_index(then, later, level)
        size = "none" if index <= max(SOME, chance) else "some" if index <= LARGE else "large"
        row: dict[str, Any] = {"column": name, "index": index, "chance": chance, "drift": size}
        if labels:
            shares = then / max(sizes[0], 1), later / max(sizes[1], 1)
            most = int(np.argmax(np.abs(shares[1] - shares[0])))
            row |= {"level": labels[most], "before": float(shares[0][most]), "now": float(shares[1][most])}
        rows.append(row)
    schema = {"column": pl.String, "index": pl.Float64, "chance": pl.Float64, "drift": pl.String, "level": pl.String}
    table = pl.DataFrame(rows, schema=schema | {"before": pl.Float64, "now": pl.Float64})
    table = table.sort("index", "column", descending=[True, False], nulls_last=True)
    moved = table.filter(pl.col("drift").is_in(["some", "large"]))
    figures: dict[str, Scalar] = {"drifted": moved.height, "drift_largest": table["index"].max()}  # type: ignore[dict-item]
    notes = [
        Message(
            f"churn_watch.drift_{row['drift']}",
            {name: row[name] for name in ("index", "level", "before", "now")} | {"column": readable(row["column"])},
        )
        for row in moved.head(5).iter_rows(named=True)
    ]
    lost = table.filter(pl.col("drift") == "missing")["column"].sort().to_list()
    if lost:
        notes.append(Message("churn_watch.missing", {"columns": called(lost)}))
    if not moved.height and table.height > len(lost):
        notes.append(Message("churn_watch.no_drift", {"columns": table.height - len(lost)}))
    return Watched(tables={"drift": table}, figures=figures, notes=tuple(notes))


def _classes(edges_of: pl.Series, values: pl.Series, kind: str) -> dict[str, int]:
    """Customers by class; the classes are those of the earlier run."""
    import polars as pl

    if kind == "number":
        classes = _ranges(edges_of, values)
    elif kind == "multi":
        classes = values.list.eval(pl.element().cast(pl.String)).list.unique().explode().drop_nulls()
    else:
        known = edges_of.cast(pl.String).drop_nulls().alias("level").value_counts()
        kept = known.sort("count", "level", descending=[True, False])["level"].head(_LEVELS)
        told = values.cast(pl.String)
        rare = told.is_not_null() & ~told.is_in(kept.implode())
        classes = told.set(rare, text("churn_watch.other")).fill_null(text("churn_watch.unknown"))
    counts = classes.alias("level").value_counts()
    return dict(zip(counts["level"].to_list(), counts["count"].to_list(), strict=True))


def _ranges(edges_of: pl.Series, values: pl.Series) -> pl.Series:
    """The range of each number, between the tenths of the earlier run; an edge belongs to the range above it."""
    import numpy as np
    import polars as pl

    known = edges_of.cast(pl.Float64).fill_nan(None).drop_nulls().to_numpy()
    tenths = np.arange(1, _CLASSES) / _CLASSES
    edges = np.unique(np.quantile(known, tenths, method="lower")) if known.size else np.empty(0)
    ends = [number(float(edge), ",.6g") for edge in edges]
    names = [f"< {ends[0]}", *(f"{low} … {high}" for low, high in pairwise(ends)), f"≥ {ends[-1]}"] if ends else ["…"]
    numbers = values.cast(pl.Float64).fill_nan(None)
    place = np.searchsorted(edges, numbers.fill_null(0.0).to_numpy(), side="right")
    labels = pl.Series(names, dtype=pl.String)[place]
    return labels.set(numbers.is_null(), text("churn_watch.unknown"))


def compare(before: pl.DataFrame, now: pl.DataFrame, order: Sequence[str], at_risk: Sequence[str]) -> Watched:
    """Set the risk bands of two runs side by side.

    Args:
        before: The earlier result: `customer_id`, `churn_probability`, `risk_band`.
        now: This one, with `expected_loss` and `reason_1` where it has them.
        order: The bands, the highest risk first.
        at_risk: Those of them that count as at risk.

    Returns:
        Table `bands`: `risk_band`, `before`, `now` (customers), `before_share`, `now_share`. Table `moves`: `before`,
        `now` (bands; null: not scored), `customers`. Table `entered`, by expected loss: `customer_id`, `before` (band,
        null: new), `probability_before`, `risk_band`, `churn_probability`, `expected_loss`, `reason_1`: who is at risk
        now and was not. Figures `at_risk_share`, `at_risk_share_before`, `entered`, `recovered`, `customers_in_both`.
    """
    import polars as pl

    bands = pl.DataFrame({"risk_band": list(order)})
    for name, frame in (("before", before), ("now", now)):
        counted = frame.group_by("risk_band").agg(pl.len().cast(pl.Int64).alias(name))
        bands = bands.join(counted, on="risk_band", how="left", maintain_order="left").with_columns(
            pl.col(name).fill_null(0)
        )
    bands = bands.with_columns(
        (pl.col(name) / pl.max_horizontal(pl.col(name).sum(), 1)).alias(f"{name}_share") for name in ("before", "now")
    )
    then = before.select("customer_id", pl.col("risk_band").alias("before"), probability_before="churn_probability")
    told = [name for name in ("expected_loss", "reason_1") if name in now.columns]
    joined = now.select("customer_id", "risk_band", "churn_probability", *told).join(
        then, on="customer_id", how="full", coalesce=True
    )
    joined = joined.with_columns(
        pl.lit(None, kind).alias(name)
        for name, kind in (("expected_loss", pl.Float64()), ("reason_1", pl.String()))
        if name not in told
    )
    moves = joined.group_by("before", pl.col("risk_band").alias("now")).agg(pl.len().cast(pl.Int64).alias("customers"))
    high_now = pl.col("risk_band").is_in(list(at_risk)).fill_null(value=False)
    high_then = pl.col("before").is_in(list(at_risk)).fill_null(value=False)
    entered = joined.filter(high_now & ~high_then).sort(
        "expected_loss", "churn_probability", "customer_id", descending=[True, True, False], nulls_last=True
    )
    both = joined.drop_nulls(["before", "risk_band"])
    shares = {
        name: frame["risk_band"].is_in(list(at_risk)).mean() for name, frame in (("before", before), ("now", now))
    }
    figures: dict[str, Scalar] = {
        "at_risk_share": shares["now"],  # type: ignore[dict-item]
        "at_risk_share_before": shares["before"],  # type: ignore[dict-item]
        "entered": entered.height,
        "recovered": both.filter(high_then & ~high_now).height,
        "customers_in_both": both.height,
    }
    columns = ("customer_id", "before", "probability_before", "risk_band", "churn_probability", "expected_loss")
    note = Message("churn_watch.bands", {name: value or 0 for name, value in figures.items()})
    return Watched(
        tables={
            "bands": bands,
            "moves": moves.sort("before", "now", nulls_last=True),
            "entered": entered.select(*columns, "reason_1"),
        },
        figures=figures,
        notes=(note,),
    )


def other_terms(before: Mapping[str, Scalar], now: Mapping[str, Scalar]) -> tuple[Message, ...]:
    """That two runs do not ask the same: another setting, label or window; nothing where one does not tell.

    >>> [str(note) for note in other_terms({"window_days": 30, "target": None}, {"window_days": 90})]
    ['the earlier run asked something else (window_days 30, now 90): risks then and now are not of the same thing']
    """
    asked = [(name, before.get(name), now.get(name)) for name in ("setting", "target", "window_days")]
    told = [
        text("churn_watch.term", name=name, before=then, now=later)
        for name, then, later in asked
        if then is not None and later is not None and then != later
    ]
    return (Message("churn_watch.other_terms", {"terms": listed(told)}),) if told else ()


def ending(
    contracts: pl.LazyFrame, churn: pl.DataFrame, as_of: date, days: int, why: pl.DataFrame | None = None
) -> Watched:
    """Contracts that end or come up for renewal within so many days, the greatest expected loss first.

    Args:
        contracts: Canonical contracts: `customer_id`, `start_at`, `end_at` or `renewal_at`, where told `plan`, `price`.
        churn: A churn result: `customer_id`, `churn_probability`, where it has them `expected_loss` and `action`.
        as_of: The day of the question; a contract that ends on it is still there.
        days: How far to look ahead.
        why: As `acrm.analysis.churn.reasons.reasons` has it. The first reason that can be talked of is told.

    Returns:
        Table `ending`: `rank`, `customer_id`, `ends_at`, `days_left`, `plan`, `price`, `churn_probability`,
        `expected_loss`, `action`, `line` (what to say in one sentence). Customers with no probability stand last.
        Figures `ending`, `ending_expected_loss`.
    """
    import polars as pl

    names = contracts.collect_schema().names()
    told = [pl.col(name).cast(pl.Date) for name in ("end_at", "renewal_at") if name in names]
    kept = [name for name in ("plan", "price") if name in names]
    end = (
        pl.lit(None, pl.Date)
        if not told
        else pl.min_horizontal(
            pl.when((day >= as_of) & (day <= as_of + timedelta(days=days))).then(day) for day in told
        )
    )
    # An end with its reason is a notice already given: that customer is no longer to be kept by a renewal.
    notice = pl.col("end_reason").is_not_null() if "end_reason" in names else pl.lit(value=False)
    soon = (
        contracts.filter(pl.col("customer_id").is_not_null() & (pl.col("start_at").cast(pl.Date) <= as_of) & ~notice)
        .select("customer_id", end.alias("ends_at"), *kept)
        .drop_nulls("ends_at")
        .collect()
        .sort("customer_id", "ends_at", *kept, nulls_last=True)
        .unique("customer_id", keep="first", maintain_order=True)
    )
    scores = [name for name in ("churn_probability", "expected_loss", "action") if name in churn.columns]
    table = soon.join(churn.select("customer_id", *scores), on="customer_id", how="left", maintain_order="left")
    if why is not None:
        # Neither the calendar nor who somebody is makes a question.
        places = [name.removeprefix("feature_") for name in why.columns if name.startswith("feature_")]
        told_of = [pl.when(pl.col(f"feature_{n}").str.contains(TALKED_OF)).then(pl.col(f"reason_{n}")) for n in places]
        asked = why.select("customer_id", pl.coalesce(told_of).alias("reason"))
        table = table.join(asked, on="customer_id", how="left", maintain_order="left")
    missing = {"plan": pl.String(), "price": pl.Decimal(38, 4), "churn_probability": pl.Float64()}
    missing |= {"expected_loss": pl.Float64(), "reason": pl.String(), "action": pl.String()}
    table = table.with_columns(
        pl.lit(None, kind).alias(name) for name, kind in missing.items() if name not in table.columns
    ).with_columns(days_left=(pl.col("ends_at") - as_of).dt.total_days())
    order = ["expected_loss", "churn_probability", "ends_at", "customer_id"]
    table = table.sort(order, descending=[True, True, False, False], nulls_last=True).with_row_index("rank", 1)
    lines = [_line(row) for row in table.iter_rows(named=True)]
    table = table.with_columns(pl.col("rank").cast(pl.Int64), line=pl.Series(lines, dtype=pl.String))
    figures: dict[str, Scalar] = {"ending": table.height, "ending_expected_loss": table["expected_loss"].sum()}
    columns = ("rank", "customer_id", "ends_at", "days_left", "plan", "price", "churn_probability", "expected_loss")
    note = Message("churn_watch.ending" if table.height else "churn_watch.none_ending", {"days": days, **figures})
    return Watched(tables={"ending": table.select(*columns, "action", "line")}, figures=figures, notes=(note,))


def _line(row: dict[str, Any]) -> str:
    """What the operator can say: when it ends, and what to ask about; or that there is no consent."""
    if row["action"] == text("churn.action.refused"):
        return str(row["action"])
    said = text("churn_watch.line_plan" if row["plan"] else "churn_watch.line", **row)
    return said + (text("churn_watch.line_reason", **row) if row["reason"] else "")
