"""A churn model made of customers whose outcome is known, and the probabilities it gives to customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acrm.analysis.churn.design import Design
from acrm.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from acrm.analysis.churn.case import Case
    from acrm.models.cross_fit import Classifier, CrossFit

FOLDS, REPEATS, REPEATED = 5, 2, 20_000
"""Folds, how often they are drawn, and customers up to which that is more than once: figures of fewer depend on it."""
LEARNED = 30_000
"""Customers that a model learns from, drawn from more; all others are scored. Curves of so many are smooth: of twice as
many the ROC-AUC was .0005 higher, for twice the time."""
APART = 3
"""Of so many parts one is calibrated by, where nothing but the foretelling matters."""
BLOCK = 65_536
"""Customers encoded at once."""
HIGH = 3.0
"""Times the usual odds of leaving from which on the risk is high; from the usual odds on it is medium."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Scorer:
    """What is needed to score customers, and all that is kept of a model.

    Attributes:
        design: How customers become rows.
        classifier: The model.
        medium, high: Probabilities from which on the risk is medium and high.
    """

    design: Design
    classifier: Classifier
    medium: float
    high: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """A model, and what it learned from.

    Attributes:
        scorer: The model.
        fit: What it foretold of customers it had not seen.
        rows: Places in the table of the customers learned from.
        outcome: Whether they left, in the same order.
        notes: What to know of the model.
    """

    scorer: Scorer
    fit: CrossFit
    rows: Any
    outcome: Any
    notes: tuple[Message, ...]


def train(case: Case, *, seed: int = 0) -> Trained:
    """Learn from a case that has passed its guards.

    Five folds, drawn twice where customers are few; a customer who has several rows, and customers who are
    alike in every column, are in one fold. The
    model is the additive one unless interactions are clearly better, see `acrm.models.cross_fit`.

    Args:
        case: Sorted by `customer_id`, `LEAST` leavers and stayers at least.
        seed: Of the folds, and of the customers drawn from many.
    """
    import numpy as np

    from acrm.models.cross_fit import cross_fit
    from acrm.models.folds import stratified

    rows = _drawn(case, seed)
    design, matrix, outcome, groups = _learned_from(case, rows)
    repeats = REPEATS if len(rows) <= REPEATED else 1
    drawn = [stratified(outcome, groups, folds=FOLDS, seed=seed + repeat) for repeat in range(repeats)]
    fit = cross_fit(matrix, outcome, np.array(drawn), seed=seed)
    share = float(outcome.mean())
    notes = []
    if len(rows) < len(case.outcome):
        notes.append(Message("churn_model.drawn", {"rows": len(rows), "of": len(case.outcome)}))
    gain, error = fit.gain
    kind = "interactions" if fit.interactions else "additive"
    notes.append(Message(f"churn_model.{kind}", {"gain": gain, "error": error}))
    if fit.classifier.calibration.slope == 0:
        notes.append(Message("churn_model.nothing", {"share": share}))
    odds = HIGH * share / (1 - share)
    scorer = Scorer(design=design, classifier=fit.classifier, medium=share, high=odds / (1 + odds))
    return Trained(scorer=scorer, fit=fit, rows=rows, outcome=outcome, notes=tuple(notes))


def foretell(case: Case, table: pl.DataFrame, *, interactions: bool, seed: int = 0) -> Any:
    """The probability that each customer leaves, by a model of one kind that is made for nothing else.

    What is held against later windows is a model of the kind that was chosen, learned from the same number of
    customers, and calibrated by a third of them.

    Args:
        case: To learn from, as of `train`.
        table: Who is foretold.
        interactions: The kind, as of `CrossFit.interactions`.
        seed: Of the customers drawn, and of those to calibrate by.

    Returns:
        An array, in the order of the table.
    """
    import numpy as np

    from acrm.models.cross_fit import fit_once
    from acrm.models.folds import stratified

    design, matrix, outcome, groups = _learned_from(case, _drawn(case, seed))
    apart = stratified(outcome, groups, folds=APART, seed=seed) == 0
    model = fit_once(matrix, outcome, apart, interactions=interactions, seed=seed)
    return np.concatenate([np.empty(0), *(model(block) for block in blocks(design, table))])


def _drawn(case: Case, seed: int) -> Any:
    """The rows learned from: all, or of many as many as are enough."""
    import numpy as np

    count = len(case.outcome)
    if count <= LEARNED:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, LEARNED, replace=False))


def _learned_from(case: Case, rows: Any) -> tuple[Design, Any, Any, Any]:
    """How customers become rows, the rows, the outcome, and the groups that no fold may split."""
    import numpy as np

    from acrm.models.folds import together

    table = case.table[rows]
    design = Design.learn(table, case.features)
    matrix = design.matrix(table)
    alike = np.unique(matrix.view(f"V{matrix.itemsize * matrix.shape[1]}").ravel(), return_inverse=True)[1]
    # Seen on several days, a customer is one still.
    same = table["customer_id"].rank("dense").to_numpy().astype(np.intp) - 1
    return design, matrix, case.outcome.to_numpy().astype(bool)[rows], together(alike.ravel(), same)


def score(scorer: Scorer, table: pl.DataFrame) -> pl.DataFrame:
    """The probability that each customer leaves.

    Returns:
        One row per row of the table, in its order:

        | column | type | unit, range |
        |---|---|---|
        | `customer_id` | String | |
        | `churn_probability` | Float64 | calibrated |
        | `low`, `high` | Float64 | between which the probability lies nine times in ten |
        | `risk_band` | String | `high`: three times the usual odds of leaving; `medium`: the usual ones; `low` |
    """
    import numpy as np
    import polars as pl

    found = [scorer.classifier.interval(matrix) for matrix in blocks(scorer.design, table)]
    p, low, high = (np.concatenate(part) for part in zip(*found, strict=True)) if found else (np.empty(0),) * 3
    band = (
        pl.when(pl.col("churn_probability") >= scorer.high)
        .then(pl.lit("high"))
        .when(pl.col("churn_probability") >= scorer.medium)
        .then(pl.lit("medium"))
        .otherwise(pl.lit("low"))
    )
    columns = {"churn_probability": p, "low": low, "high": high}
    return (
        table.select("customer_id")
        .with_columns(pl.Series(name, values) for name, values in columns.items())
        .with_columns(risk_band=band)
    )


def blocks(design: Design, table: pl.DataFrame) -> Iterator[Any]:
    """Customers encoded, some at a time."""
    for at in range(0, table.height, BLOCK):
        yield design.matrix(table[at : at + BLOCK])
