"""Who is leaving, how surely, why, what it costs, and what to do: the same steps in every setting."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from acrm.analysis.churn.economics import EconomicsParams
from acrm.analysis.result import Result, Scalar
from acrm.messages import Message, text

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.churn.case import Case
    from acrm.analysis.churn.economics import Economics
    from acrm.analysis.churn.model_file import SavedChurn
    from acrm.analysis.churn.prepared import Prepared
    from acrm.analysis.churn.training import Trained

BANDS = ("high", "medium", "low")
AT_RISK = ("high",)
MODEL_FILE = "churn_model.json"


@dataclass(frozen=True, kw_only=True)
class ChurnParams:
    """What is asked of every setting.

    Attributes:
        allow: Columns that are kept though they look like leaks.
        drop: Columns that are left out.
        costs: What a campaign costs and brings.
        seed: Start of every random choice.
    """

    allow: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    costs: EconomicsParams = field(default_factory=EconomicsParams)
    seed: int = 0


class Part(Protocol):
    """What else was asked of the same customers, see `ChurnResult.joined`."""

    @property
    def tables(self) -> Mapping[str, pl.DataFrame]:
        """By name."""

    @property
    def figures(self) -> Mapping[str, Scalar]:
        """Flat, for the summary."""

    @property
    def notes(self) -> tuple[Message, ...]:
        """What to know."""


@dataclass(frozen=True, kw_only=True)
class ChurnResult(Result):
    """Tables `customers`, `people`, `metrics`, `reliability`, `guards`, `reasons`, `causes`, `profit_curve`, `scores`.

    Where later windows were tried, `origins`, too. A setting adds its own (`windows`, `overdue`, `lost`),
    and so does every part joined. `shown` is what only the page needs, by name.
    """

    params: ChurnParams
    economics: Economics
    shown: Mapping[str, Any] = field(default_factory=dict)

    def joined(self, name: str, part: Part) -> ChurnResult:
        """The result and a part: its tables, called after it too, its notes, and the figures that are not there yet."""
        tables = {table if table == name else f"{name}_{table}": frame for table, frame in part.tables.items()}
        return replace(
            self,
            tables={**self.tables, **tables},
            summary={**part.figures, **self.summary},
            notes=(*self.notes, *part.notes),
            shown={**self.shown, name: part},
        )


def churn(
    prepared: Prepared, params: ChurnParams, worth: pl.DataFrame | None = None, refusing: Iterable[str] = ()
) -> ChurnResult:
    """Guard, learn, score, measure, weigh and explain.

    Figures of quality are of customers whom the model had not seen: where there are trials those of the latest later
    window, else those of folds.

    Args:
        prepared: The customers of one setting.
        params: See `ChurnParams`.
        worth: `customer_id` and `value`, where values are known.
        refusing: Customers who may not be contacted; they are scored all the same.

    Returns:
        Table `customers`, sorted by `customer_id`:

        | column | type | unit, range |
        |---|---|---|
        | `customer_id` | String | |
        | `churn_probability` | Float64 | calibrated |
        | `low`, `high` | Float64 | limits of the probability, nine times in ten |
        | `risk_band` | String | `high` from three times the usual odds of leaving, `medium` from these, `low` |
        | `expected_loss` | Float64 | probability x value, null without a value |
        | `reason_1` to `reason_3` | String | what adds most to the risk, and its part of all that adds |
        | `action` | String | by risk, by what a contact is worth, and by consent |

        `people`: what was known of each, and `left` where a label says it. Others as the parts say: `metrics` and
        `reliability` (`acrm.analysis.churn.metrics`), `guards`, `reasons`, `causes`, `origins` (`trials`),
        `profit_curve`, `scores` (`economics`). The model is among the files.

    Raises:
        InputError: Leaks that are not allowed (all named), or too few who left or stayed.
    """
    from acrm.analysis.churn.guards import guarded, guards, without
    from acrm.analysis.churn.metrics import measure, rules_of, told_by_folds
    from acrm.analysis.churn.model_file import SavedChurn, to_document
    from acrm.analysis.churn.reasons import reasons
    from acrm.analysis.churn.training import score, train
    from acrm.analysis.churn.trials import tried
    from acrm.lineage import dumps

    case = without(prepared.known(), params.drop)
    kept = guarded(case, guards(case, prepared.raw, prepared.standing), allow=params.allow)
    trained = train(kept.case, seed=params.seed)
    names = {feature.name for feature in kept.case.features}
    tries = tried(prepared.trials, names, interactions=trained.fit.interactions, seed=params.seed)
    told = tries.latest
    if told is None:
        told = told_by_folds(trained, rules_of(kept.case) if prepared.rules is None else prepared.rules)
    measured = measure(told, seed=params.seed)
    labelled = prepared.setting == "labelled"
    scored = _valued(score(trained.scorer, prepared.everyone), worth)
    figures = {"churn_rate": round(float(told.outcome.mean()), 6), **measured.summary}
    saved = SavedChurn(
        setting=prepared.setting,
        scorer=trained.scorer,
        features=kept.case.features,
        customers=len(trained.rows),
        window=prepared.window,
        target=prepared.target,
        positive=prepared.positive,
        as_of=prepared.figures.get("as_of"),  # type: ignore[arg-type]
        figures=figures,
    )
    result = _weighed(
        prepared,
        params,
        scored,
        reasons(trained.scorer, prepared.everyone),
        refusing,
        seen=_foretold(trained, case, scored) if labelled else None,
        figures=figures,
        notes=(*kept.notes, *trained.notes, *(() if labelled else tries.notes), *measured.notes),
    )
    tables = {"metrics": measured.metrics, "reliability": measured.reliability, "guards": kept.table}
    return replace(
        result,
        tables={**result.tables, **tables, **({} if labelled else {"origins": tries.table})},
        document={**result.document, "metrics": _document(measured.metrics), "guards": kept.table.to_dicts()},
        files={MODEL_FILE: dumps(to_document(saved), indent=None)},
        shown={**result.shown, "features": kept.case.features},
    )


def churn_again(
    prepared: Prepared,
    params: ChurnParams,
    saved: SavedChurn,
    worth: pl.DataFrame | None = None,
    refusing: Iterable[str] = (),
) -> ChurnResult:
    """Score with a model learned before, and explain; nothing is learned.

    Where a label says who left, it is measured how well the model foretold it.

    Args:
        prepared: The customers, of the setting of the model.
        params: See `ChurnParams`; of it, the costs.
        saved: The model.
        worth: See `churn`.
        refusing: See `churn`.

    Returns:
        As of `churn`, without `guards` and `origins`, and without `metrics` and `reliability` where nothing is known.

    Raises:
        InputError: Columns of the model are missing, or are no longer what they were.
    """
    from acrm.analysis.churn.applied import applied
    from acrm.analysis.churn.metrics import measure, rules_of, told_at_once
    from acrm.analysis.churn.reasons import reasons
    from acrm.analysis.churn.training import score

    ready = applied(saved, prepared.everyone, prepared.figures.get("as_of"))  # type: ignore[arg-type]
    scored = _valued(score(saved.scorer, ready.table), worth)
    values = {"customers": saved.customers, "roc_auc": saved.figures.get("roc_auc")}
    notes = [Message("churn.applied" if saved.as_of is None else "churn.applied_of", values | {"as_of": saved.as_of})]
    figures: dict[str, Scalar] = {}
    tables: dict[str, pl.DataFrame] = {}
    document: dict[str, Any] = {}
    seen = None
    case = prepared.case
    if case is not None:
        p = case.table.select("customer_id").join(scored, on="customer_id", how="left", maintain_order="left")
        told = told_at_once(case.outcome, p["churn_probability"], rules_of(case))
        measured = measure(told, seed=params.seed)
        notes.append(Message("churn.applied_known"))
        figures = {"churn_rate": round(float(told.outcome.mean()), 6), **measured.summary}
        tables = {"metrics": measured.metrics, "reliability": measured.reliability}
        document = {"metrics": _document(measured.metrics)}
        notes += measured.notes
        seen = scored.join(
            case.table.select("customer_id", case.outcome.alias("left")),
            on="customer_id",
            how="left",
            maintain_order="left",
        )
    why = reasons(saved.scorer, ready.table)
    result = _weighed(prepared, params, scored, why, refusing, seen=seen, figures=figures, notes=(*notes, *ready.notes))
    return replace(result, tables={**result.tables, **tables}, document={**result.document, **document})


def _weighed(
    prepared: Prepared,
    params: ChurnParams,
    scored: pl.DataFrame,
    why: pl.DataFrame,
    refusing: Iterable[str],
    *,
    seen: pl.DataFrame | None,
    figures: Mapping[str, Scalar],
    notes: tuple[Message, ...],
) -> ChurnResult:
    """What scored customers are worth to be kept; `seen` are those of whom it is known who left."""
    import polars as pl

    from acrm.analysis.churn.causes import causes
    from acrm.analysis.churn.economics import economics

    weighed = economics(scored if seen is None else seen, params.costs)
    customers = _main(scored, why, weighed, prepared.gone, refusing)
    people = prepared.everyone
    if prepared.case is not None and prepared.setting == "labelled":
        left = prepared.case.table.select("customer_id", prepared.case.outcome.alias("left"))
        people = people.join(left, on="customer_id", how="left", maintain_order="left")
    return ChurnResult(
        params=params,
        tables={
            "customers": customers,
            "people": people,
            "reasons": why,
            "causes": causes(customers.filter(~pl.col("customer_id").is_in(list(prepared.gone))), why),
            **{name: table for name, table in weighed.tables.items() if name != "customers"},
            **prepared.tables,
        },
        summary={
            "setting": prepared.setting,
            **prepared.figures,
            **_bands(customers, prepared.gone),
            **figures,
            **weighed.figures,
        },
        notes=(
            *prepared.notes,
            *notes,
            *([Message("churn.as_if", {"customers": customers.height})] if seen is not None else []),
            *weighed.notes,
        ),
        document={"setting": prepared.setting, "economics": dict(weighed.figures)},
        economics=weighed,
        shown={**prepared.shown, "gone": prepared.gone, "features": prepared.features},
    )


def _valued(scored: pl.DataFrame, worth: pl.DataFrame | None) -> pl.DataFrame:
    if worth is None:
        return scored
    return scored.join(worth.select("customer_id", "value"), on="customer_id", how="left", maintain_order="left")


def _foretold(trained: Trained, case: Case, scored: pl.DataFrame) -> pl.DataFrame:
    """Customers with what was foretold of them and, where it is known, what came: then by models without them."""
    import polars as pl

    ids = case.table["customer_id"].gather(trained.rows)
    seen = {"customer_id": ids, "_p": trained.fit.probability, "left": trained.outcome.astype(bool)}
    joined = scored.join(pl.DataFrame(seen), on="customer_id", how="left", maintain_order="left")
    return joined.with_columns(churn_probability=pl.coalesce("_p", "churn_probability")).drop("_p")


def _main(
    scored: pl.DataFrame, why: pl.DataFrame, weighed: Economics, gone: Collection[str], refusing: Iterable[str]
) -> pl.DataFrame:
    """One row per customer: probability, limits, band, expected loss, reasons, and the action."""
    import polars as pl

    expected = weighed.tables["customers"].select("customer_id", "threshold")
    table = scored.join(expected, on="customer_id", how="left", maintain_order="left")
    table = table.join(why, on="customer_id", how="left", maintain_order="left")
    # By the probability that stands beside it: what was foretold of those seen serves to weigh the campaign.
    worth_it = (pl.col("churn_probability") > pl.col("threshold")).fill_null(value=False)
    high = pl.col("risk_band") == "high"
    action = (
        pl.when(pl.col("customer_id").is_in(list(gone)))
        .then(pl.lit(text("churn.action.gone")))
        .when(pl.col("customer_id").is_in(list(refusing)))
        .then(pl.lit(text("churn.action.refused")))
        .when(~worth_it)
        .then(pl.lit(text("churn.action.watch")))
        .when(high)
        .then(pl.lit(text("churn.action.call")))
        .otherwise(pl.lit(text("churn.action.offer")))
    )
    value = pl.col("value").cast(pl.Float64).clip(0.0) if "value" in scored.columns else pl.lit(None, pl.Float64)
    said = [
        pl.when(pl.col(f"reason_{n}").is_not_null()).then(
            pl.format("{} ({}%)", f"reason_{n}", (pl.col(f"share_{n}") * 100).round().cast(pl.Int64))
        )
        for n in (1, 2, 3)
    ]
    return table.select(
        *("customer_id", "churn_probability", "low", "high", "risk_band"),
        (pl.col("churn_probability") * value).round(4).alias("expected_loss"),
        *(words.alias(f"reason_{n}") for n, words in enumerate(said, 1)),
        action.alias("action"),
    ).sort("customer_id")


def _bands(customers: pl.DataFrame, gone: Collection[str]) -> dict[str, Scalar]:
    """How many customers who are still here are in each band."""
    import polars as pl

    here = customers.filter(~pl.col("customer_id").is_in(list(gone)))
    counts = {f"{band}_risk_customers": here.filter(risk_band=band).height for band in BANDS}
    at_risk = sum(counts[f"{band}_risk_customers"] for band in AT_RISK)
    share = round(at_risk / here.height, 6) if here.height else None
    return {"customers": customers.height, "here": here.height, **counts, "at_risk_share": share}


def _document(metrics: pl.DataFrame) -> dict[str, Any]:
    """The model's figures with their limits, and the same of every rule."""
    model, *rules = metrics.to_dicts()
    told = {name: value for name, value in model.items() if name not in ("score", "gain_low", "gain_high", "verdict")}
    return {**told, "rules": {rule.pop("score"): rule for rule in rules}}
