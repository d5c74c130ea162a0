"""Who is leaving, how surely, why, and what to do: with a label, or from purchases alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from acrm.analysis.churn.economics import EconomicsParams
from acrm.analysis.result import Result, Scalar
from acrm.errors import InputError
from acrm.messages import Message, text

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.churn.case import Case
    from acrm.analysis.churn.economics import Economics
    from acrm.analysis.churn.label import Labelled
    from acrm.analysis.churn.records import Records
    from acrm.analysis.churn.training import Trained
    from acrm.analysis.churn.warning import Warnings
    from acrm.analysis.churn.windows import Windows
    from acrm.analysis.people.people import People

Setting = Literal["labelled", "transactional"]
ORIGINS = 3
"""Earlier cutoffs on which the model is tried, at most."""


@dataclass(frozen=True, kw_only=True)
class ChurnParams:
    """What is asked.

    Attributes:
        target: Column that says who left. None: one that is called so; without any, purchases tell.
        positive: Its value for those who left. None: recognised.
        allow: Columns that are kept though they look like leaks.
        window: Days without a purchase after which a customer counts as lost. None: from the customers' own gaps.
        as_of: Today. None: the day after the last event.
        costs: What a campaign costs and brings.
        seed: Start of every random choice.
    """

    target: str | None = None
    positive: str | None = None
    allow: tuple[str, ...] = ()
    window: int | None = None
    as_of: date | None = None
    costs: EconomicsParams = field(default_factory=EconomicsParams)
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class ChurnResult(Result):
    """Tables `customers`, `metrics`, `reliability`, `guards`, `reasons`, `profit_curve`.

    Of purchases also `windows`, `origins`, `overdue`, `lost`.
    """

    params: ChurnParams
    economics: Economics
    windows: Windows | None = None
    overdue: Warnings | None = None


def labelled_churn(
    people: People, params: ChurnParams, worth: pl.DataFrame | None = None, raw: pl.DataFrame | None = None
) -> ChurnResult | None:
    """Learn from a column that says who left; None where there is none.

    Args:
        people: The customers, the column among their features.
        params: See `ChurnParams`.
        worth: `customer_id`, `clv`, where values are known.
        raw: The customers in file order, for the guard against shifted labels.

    Raises:
        InputError: Leaks that are not allowed (named), or too few leavers.
    """
    from acrm.analysis.churn.label import labelled

    found = labelled(people.table, people.features, target=params.target, positive=params.positive, cutoff=people.as_of)
    if found is None:
        return None
    everyone = found.case.table
    return _learned(found.case, everyone, params, worth, raw, setting="labelled", label=found)


def _learned(
    case: Case,
    everyone: pl.DataFrame,
    params: ChurnParams,
    worth: pl.DataFrame | None,
    raw: pl.DataFrame | None,
    *,
    setting: Setting,
    label: Labelled | None = None,
    figures: Mapping[str, Scalar] | None = None,
    rules: Mapping[str, pl.Series] | None = None,
    notes: tuple[Message, ...] = (),
    more: Mapping[str, Any] | None = None,
) -> ChurnResult:
    import polars as pl

    from acrm.analysis.churn.economics import economics
    from acrm.analysis.churn.guards import guarded, guards
    from acrm.analysis.churn.metrics import measure, rules_of
    from acrm.analysis.churn.reasons import reasons
    from acrm.analysis.churn.training import score, train

    guarded_ = guarded(case, guards(case, raw), allow=params.allow)
    trained = train(guarded_.case, seed=params.seed)
    measured = measure(trained, rules_of(guarded_.case) if rules is None else rules, seed=params.seed)
    scored = score(trained, everyone)
    if worth is not None:
        values = worth.select("customer_id", pl.col("clv").cast(pl.Float64).alias("value"))
        scored = scored.join(values, on="customer_id", how="left", maintain_order="left")
    weighed = economics(_held_out(trained, case, scored), params.costs)
    losses = economics(scored, params.costs) if setting == "transactional" else weighed
    why = reasons(trained, everyone)
    customers = _main(scored, why, losses)
    bands = {f"{band}_risk_customers": customers.filter(risk_band=band).height for band in ("high", "medium", "low")}
    at_risk = bands["high_risk_customers"]
    told: dict[str, Scalar] = {
        "setting": setting,
        "customers": customers.height,
        "churn_rate": round(float(case.outcome.cast(pl.Float64).mean() or 0), 6),  # type: ignore[arg-type]
        **bands,
        "at_risk_share": round(at_risk / customers.height, 6) if customers.height else None,
        **measured.summary,
        **weighed.figures,
        **(figures or {}),
    }
    extra = dict(more or {})
    tables = {
        "customers": customers,
        "metrics": measured.metrics,
        "reliability": measured.reliability,
        "guards": guarded_.table,
        "reasons": why,
        **{name: table for name, table in weighed.tables.items() if name != "customers"},
        **extra.pop("tables", {}),
    }
    return ChurnResult(
        params=params,
        tables=tables,
        summary=told,
        notes=(
            *(label.notes if label else ()),
            *guarded_.notes,
            *trained.notes,
            *measured.notes,
            *weighed.notes,
            *notes,
        ),
        document={
            "setting": setting,
            "metrics": measured.metrics.to_dicts(),
            "guards": guarded_.table.to_dicts(),
            "economics": dict(weighed.figures),
        },
        economics=weighed,
        **extra,
    )


def _held_out(trained: Trained, case: Case, scored: pl.DataFrame) -> pl.DataFrame:
    """The customers learned from, with what was foretold of each without them: what economics may be tested on."""
    import polars as pl

    ids = case.table["customer_id"].gather(trained.rows)
    foretold = pl.DataFrame(
        {"customer_id": ids, "churn_probability": trained.fit.probability, "left": trained.outcome.astype(bool)}
    ).unique("customer_id", keep="last", maintain_order=True)
    if "value" in scored.columns:
        foretold = foretold.join(scored.select("customer_id", "value"), on="customer_id", how="left")
    return foretold.sort("customer_id")


def _main(scored: pl.DataFrame, why: pl.DataFrame, losses: Economics) -> pl.DataFrame:
    """One row per customer: probability, limits, band, expected loss, reasons, and the action."""
    import polars as pl

    expected = losses.tables["customers"].select("customer_id", "expected_loss", "contact")
    table = scored.join(expected, on="customer_id", how="left", maintain_order="left")
    table = table.join(why.select("customer_id", "^reason_.$"), on="customer_id", how="left", maintain_order="left")
    action = (
        pl.when(pl.col("contact").fill_null(False) & (pl.col("risk_band") == "high"))
        .then(pl.lit(text("churn.action.call")))
        .when(pl.col("contact").fill_null(False))
        .then(pl.lit(text("churn.action.offer")))
        .otherwise(pl.lit(text("churn.action.watch")))
    )
    return table.select(
        *("customer_id", "churn_probability", "low", "high", "risk_band", "expected_loss"),
        *("reason_1", "reason_2", "reason_3"),
        action.alias("action"),
    ).sort("customer_id")


def transactional_churn(
    lines: pl.LazyFrame,
    tables: Mapping[str, pl.LazyFrame],
    params: ChurnParams,
    worth: pl.DataFrame | None = None,
) -> ChurnResult:
    """Learn from purchases: features before a day, no purchase in the window after it, days that do not overlap.

    Raises:
        InputError: The history carries no window (why is said), or too few left.
    """
    from datetime import timedelta

    import polars as pl

    from acrm.analysis.churn.records import read_records
    from acrm.analysis.churn.snapshots import learning, snapshot
    from acrm.analysis.churn.warning import warnings
    from acrm.analysis.churn.windows import windows

    records = read_records(lines, tables, as_of=params.as_of)
    span = windows(records, params.window)
    if span.window is None:
        raise InputError("churn_no_window", reasons="; ".join(map(str, span.notes)))
    today = snapshot(records, records.past.cutoff, span.window)
    case = learning(records, records.last - timedelta(days=span.window), span.window)
    rolled = _rolled(records, span.window, params.seed)
    overdue = warnings(records.past, today.table.select("customer_id"))
    lost = today.lost.to_frame("customer_id")
    more = {
        "windows": span,
        "overdue": overdue,
        "tables": {"windows": span.table, "origins": rolled, "overdue": overdue.overdue, "lost": lost},
    }
    figures: dict[str, Scalar] = {**records.figures, "window_days": span.window, "lost_customers": lost.height}
    latest = rolled.row(0, named=True) if rolled.height else {}
    figures |= {f"{name}_later": latest[name] for name in latest if name.startswith("roc_auc")}
    return _learned(
        case,
        today.table,
        params,
        worth,
        None,
        setting="transactional",
        figures={**figures, "customers": today.table.height},
        notes=(*span.notes, *overdue.notes, *records.notes, *_on_later(pl.DataFrame(rolled))),
        more=more,
    )


def _rolled(records: Records, window: int, seed: int) -> pl.DataFrame:
    """What models learned earlier foretold of a later window, the latest first, beside the rules.

    Returns:
        `train`, `test` (cutoffs), `customers`, `churn`, `roc_auc`, `brier`, `roc_auc_<rule>` (null: cannot be had).
    """
    import polars as pl

    from acrm.analysis.churn.rules import RULES, rule_scores
    from acrm.analysis.churn.snapshots import case, learning, origins
    from acrm.analysis.churn.training import score, train
    from acrm.models.classification_metrics import roc_auc

    rows: list[dict[str, Any]] = []
    for one in origins(records.first, records.last, window)[:ORIGINS]:
        test = case(records, one.test, window)
        trained = train(learning(records, one.train, window), seed=seed)
        p = score(trained, test.table)["churn_probability"].to_numpy()
        left = test.outcome.to_numpy().astype(bool)
        rules = rule_scores(records.past.until(one.test), test.table.select("customer_id"), window)
        found = {
            f"roc_auc_{rule}": None if rules[rule].null_count() else round(roc_auc(left, rules[rule].to_numpy()), 6)
            for rule in RULES
        }
        own = {"customers": len(left), "churn": round(float(left.mean()), 6), "roc_auc": round(roc_auc(left, p), 6)}
        rows.append(
            {"train": one.train, "test": one.test, **own, "brier": round(float(((p - left) ** 2).mean()), 6), **found}
        )
    rules_ = {f"roc_auc_{rule}": pl.Float64 for rule in RULES}
    schema: dict[str, Any] = {"train": pl.Date, "test": pl.Date, "customers": pl.Int64, "churn": pl.Float64}
    return pl.DataFrame(rows, schema=schema | {"roc_auc": pl.Float64, "brier": pl.Float64, **rules_})


def _on_later(rolled: pl.DataFrame) -> list[Message]:
    """What the latest later window says of the model and the best rule."""
    if rolled.is_empty():
        return [Message("churn.no_origin")]
    row = rolled.row(0, named=True)
    rules = {
        name.removeprefix("roc_auc_"): row[name]
        for name in row
        if name.startswith("roc_auc_") and row[name] is not None
    }
    best = max(rules, key=lambda name: rules[name]) if rules else None
    if best is None:
        return [Message("churn.later_alone", {"auc": row["roc_auc"], "test": row["test"]})]
    id = "churn.later_better" if row["roc_auc"] > rules[best] else "churn.later_worse"
    values = {"auc": row["roc_auc"], "test": row["test"], "rule": text(f"churn.rule.{best}"), "its": rules[best]}
    return [Message(id, values)]
