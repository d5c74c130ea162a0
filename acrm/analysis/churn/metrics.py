"""How well the model foretold customers it had not seen, beside rules that anybody could follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acrm.analysis.churn.label import plain_name
from acrm.messages import Message

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from acrm.analysis.churn.case import Case
    from acrm.analysis.churn.training import Trained

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Places = NDArray[np.intp]

REPEATS = 200
MODEL = "model"
TOO_GOOD = 0.95
"""ROC-AUC of a model that hardly any honest column allows."""
_OFF, _SURE = 0.02, 3.0
"""Difference of the mean probability from the share who left from which on it is said; and in standard errors."""
_RULES = {
    "recency": (1.0, ("days_since_last", "recency", "days_since_last_order", "days_since_last_purchase")),
    "frequency": (-1.0, ("orders", "frequency", "purchases", "transactions", "order_count")),
    "tenure": (-1.0, ("tenure", "customer_days", "tenure_months", "months_on_book")),
}
"""Rules by name: the more, or the less, of the first of some columns that is there, the more likely to leave."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Tables `metrics` and `reliability`, figures for the summary, and the verdicts."""

    metrics: pl.DataFrame
    reliability: pl.DataFrame
    summary: dict[str, Any]
    notes: tuple[Message, ...]


def rules_of(case: Case) -> dict[str, pl.Series]:
    """Scores of naive rules, where a column for them is known: the longer ago, the rarer, the newer, the riskier.

    A customer of whom it is not known comes in the middle.
    """
    import polars as pl

    found: dict[str, pl.Series] = {}
    numbers = {plain_name(feature.name): feature.name for feature in case.features if feature.kind == "number"}
    for rule, (sign, names) in _RULES.items():
        column = next((numbers[name] for name in names if name in numbers), None)
        if column is not None:
            values = sign * case.table[column].cast(pl.Float64).fill_nan(None)
            found[rule] = values.fill_null(values.median()).alias(rule)
    return found


@dataclass(frozen=True, kw_only=True, eq=False)
class Told:
    """What was foretold of customers by models that had not seen them, and what came.

    Attributes:
        outcome: Whether each left.
        foretold: The probability of each; a line for every repeat of the folds.
        fold: Of each customer, likewise: each fold was ranked by a model of its own.
        rules: Naive scores of the same customers, the higher the more likely to leave.
    """

    outcome: Flags
    foretold: Floats
    fold: Places
    rules: Mapping[str, Floats]

    @property
    def probability(self) -> Floats:
        """One probability per customer: the mean over repeats."""
        mean: Floats = self.foretold.mean(axis=0)
        return mean


def told_by_folds(trained: Trained, rules: Mapping[str, pl.Series]) -> Told:
    """What models without its fold said of every row learned from; `rules` are aligned with the rows of the case."""
    import polars as pl

    ranked = {name: values.cast(pl.Float64).to_numpy()[trained.rows] for name, values in rules.items()}
    return Told(outcome=trained.outcome, foretold=trained.fit.foretold, fold=trained.fit.fold, rules=ranked)


def told_at_once(outcome: pl.Series, foretold: pl.Series, rules: Mapping[str, pl.Series]) -> Told:
    """What one model, which saw none of these customers, said of them; all aligned.

    A rule with unknowns is left out.
    """
    import numpy as np
    import polars as pl

    return Told(
        outcome=outcome.to_numpy().astype(bool),
        foretold=foretold.to_numpy()[None, :],
        fold=np.zeros((1, len(outcome)), np.intp),
        rules={name: values.cast(pl.Float64).to_numpy() for name, values in rules.items() if not values.null_count()},
    )


def measure(told: Told, *, seed: int = 0) -> Measured:
    """Measure what was foretold of customers not seen, and what rules say of the same.

    Figures of ranking are means over the folds, those of probabilities are of all customers together. Intervals are of
    95%, from 200 samples of the customers, the same for all scores, so that the difference to a rule
    has one too. The verdict on a rule is `better`, `worse`, or `alike` where that interval holds 0.

    Args:
        told: See `Told`.
        seed: Of the samples.

    Returns:
        `metrics`, the model first: `score`, then `roc_auc`, `pr_auc`, `lift_10` (at the top tenth), `brier`,
        `log_loss`, `ece` (expected calibration error over ten bins of as many customers), each with `_low` and `_high`,
        the last three null for rules; `gain_low`, `gain_high` of the model's ROC-AUC over the rule's; `verdict`.
        `reliability`, by bin: `bin`, `customers`, `foretold`, `left` (shares), `left_low`, `left_high` (Wilson).
    """
    import polars as pl

    from acrm.models.classification_metrics import PROBABILITY, RANKING, Scores, intervals, mean_measures

    outcome, folds = told.outcome, told.fold
    pairs = zip(told.foretold, folds, strict=True)
    scores = {MODEL: [Scores.of(outcome, p, probable=True, fold=fold) for p, fold in pairs]}
    for name, ranked in told.rules.items():
        scores[name] = [Scores.of(outcome, ranked, probable=False, fold=fold) for fold in folds]
    ends, gains = intervals(scores, repeats=REPEATS, seed=seed)
    rows = []
    for name, scored in scores.items():
        figures = mean_measures(scored)
        low, high = gains.get(name, (None, None))
        verdict = None if low is None or high is None else "worse" if high < 0 else "better" if low > 0 else "alike"
        row: dict[str, Any] = {"score": name}
        for key in (*RANKING, *PROBABILITY):
            row |= {key: figures.get(key)}
            row |= dict(zip((f"{key}_low", f"{key}_high"), ends[name].get(key, (None, None)), strict=True))
        rows.append(row | {"gain_low": low, "gain_high": high, "verdict": verdict})
    notes = [*_verdicts(rows), *_level(told)]
    own = rows[0]
    # Where a plain rule says as much, leaving is that easy to foretell: terms that run beyond the window.
    if own["roc_auc"] > TOO_GOOD and all(row["roc_auc"] <= TOO_GOOD for row in rows[1:]):
        notes.insert(0, Message("churn_model.too_good", {"auc": own["roc_auc"]}))
    schema = {
        "score": pl.String,
        **{key: pl.Float64 for key in own if key not in ("score", "verdict")},
        "verdict": pl.String,
    }
    return Measured(
        metrics=pl.DataFrame(rows, schema=schema),
        reliability=_reliability(outcome, told.probability),
        summary={key: own[key] for key in own if key not in ("score", "gain_low", "gain_high", "verdict")},
        notes=tuple(notes),
    )


def _verdicts(rows: Sequence[Mapping[str, Any]]) -> Iterator[Message]:
    """Of every rule that the model does not beat; of those it beats, the best."""
    own, *rules = rows
    beaten = sorted((row for row in rules if row["verdict"] == "better"), key=lambda row: -row["roc_auc"])
    for row in [row for row in rules if row["verdict"] != "better"] + beaten[:1]:
        values = {"rule": _called(row["score"]), "own": own["roc_auc"], "its": row["roc_auc"]}
        limits = {"low": row["gain_low"], "high": row["gain_high"]}
        yield Message(f"churn_model.verdict.{row['verdict']}", values | limits)


def _level(told: Told) -> Iterator[Message]:
    """That more or fewer left than was foretold, where chance does not explain it."""
    p, left = told.probability, told.outcome.mean()
    error = float((p * (1 - p)).sum() ** 0.5) / len(p)
    off = float(p.mean() - left)
    if abs(off) > max(_OFF, _SURE * error):
        way = "high" if off > 0 else "low"
        yield Message(f"churn_model.too_{way}", {"foretold": float(p.mean()), "left": float(left)})


def _called(rule: str) -> Message | str:
    known = Message(f"churn_model.rule.{rule}")
    return known if known.exists else rule


def _reliability(outcome: Any, p: Any) -> pl.DataFrame:
    import numpy as np
    import polars as pl

    from acrm.models.classification_metrics import reliability_bins
    from acrm.models.wilson import wilson_limits

    found = np.unique(reliability_bins(p), return_inverse=True)[1]
    n = np.bincount(found)
    share, foretold = np.bincount(found, weights=outcome) / n, np.bincount(found, weights=p) / n
    low, high = wilson_limits(share, n)
    columns = {
        "foretold": foretold,
        "left": share,
        "left_low": np.maximum(low, 0.0),
        "left_high": np.minimum(high, 1.0),
    }
    return pl.DataFrame({"bin": np.arange(1, len(n) + 1), "customers": n.astype(np.int64), **columns})
