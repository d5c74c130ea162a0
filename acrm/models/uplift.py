"""What a treatment does to each customer, by models that have not seen the customer: T- and S-learner.

S. R. Künzel, J. S. Sekhon, P. J. Bickel, B. Yu, Metalearners for estimating heterogeneous treatment effects using
machine learning, PNAS 116(10), 2019.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.stats import rankdata
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from acrm.models.histories import FloatArray

    BoolArray = NDArray[np.bool_]

Learner = Literal["t_linear", "s_linear", "t_boosting", "s_boosting", "response", "untreated"]
LEARNERS: tuple[Learner, ...] = ("t_linear", "s_linear", "t_boosting", "s_boosting")
"""What estimates an effect. The others know of none: `response` is who has the outcome, learned from all, as a churn
score does; `untreated` who has it without the treatment, learned from those without."""
REFERENCES: tuple[Learner, ...] = ("response", "untreated")


def cross_fitted(
    learner: Learner, columns: FloatArray, outcome: FloatArray, treated: BoolArray, folds: int = 5, seed: int = 0
) -> FloatArray:
    """Score every customer by models fitted to the other parts; within each part scores are ranks from 0 to 1.

    The T-learner has a model for each arm, the S-learner one with the treatment as a column (the linear one with its
    products with all others); the effect is the difference of what is foretold with the treatment and without. An
    outcome of 0 and 1 is foretold as a probability. Scores of different parts come from different models, so that only
    their order within a part counts.

    Args:
        learner: Which.
        columns: What is known of each, shape (n, k), no gaps.
        outcome: 0 and 1, or an amount, shape (n,).
        treated: Shape (n,).
        folds: Parts, drawn within each arm and outcome.
        seed: Of the parts and the models.
    """
    scores = np.empty(outcome.size)
    with threadpool_limits(limits=1):
        for test in _parts(outcome, treated, folds, seed):
            made = _effects(learner, columns[~test], outcome[~test], treated[~test], seed)(columns[test])
            scores[test] = (rankdata(made) - 0.5) / made.size
    return scores


def _parts(outcome: FloatArray, treated: BoolArray, folds: int, seed: int) -> Iterator[BoolArray]:
    rng = np.random.default_rng(seed)
    kind = 2 * treated + (outcome > 0)
    part = np.empty(outcome.size, dtype=np.int64)
    for one in range(4):
        rows = np.flatnonzero(kind == one)
        part[rng.permutation(rows)] = np.arange(rows.size) % folds
    for fold in range(folds):
        yield part == fold


def _effects(
    learner: Learner, columns: FloatArray, outcome: FloatArray, treated: BoolArray, seed: int
) -> Callable[[FloatArray], FloatArray]:
    """What foretells the effect on customers with these columns."""
    boosting = learner.endswith("boosting")

    def fitted(inputs: FloatArray, rows: BoolArray) -> Callable[[FloatArray], FloatArray]:
        return _fitted(inputs[rows], outcome[rows], boosting=boosting, seed=seed)

    everyone = np.ones(outcome.size, dtype=np.bool_)
    if learner in REFERENCES:
        return fitted(columns, everyone if learner == "response" else ~treated)
    if learner.startswith("t_"):
        own, other = fitted(columns, treated), fitted(columns, ~treated)
        return lambda asked: own(asked) - other(asked)

    def joined(values: FloatArray, arm: FloatArray) -> FloatArray:
        products = [] if boosting else [values * arm[:, None]]
        return np.hstack([values, arm[:, None], *products])

    both = fitted(joined(columns, treated.astype(np.float64)), everyone)
    return lambda asked: both(joined(asked, np.ones(len(asked)))) - both(joined(asked, np.zeros(len(asked))))


def _fitted(
    columns: FloatArray, outcome: FloatArray, *, boosting: bool, seed: int
) -> Callable[[FloatArray], FloatArray]:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if outcome.min() == outcome.max():
        return lambda asked: np.full(len(asked), outcome[0])
    shares = bool(np.isin(outcome, (0.0, 1.0)).all())
    small: dict[str, Any] = {
        "learning_rate": 0.05,
        "max_iter": 100,
        "max_leaf_nodes": 8,
        "min_samples_leaf": 40,
        "l2_regularization": 1.0,
        "early_stopping": False,
        "random_state": seed,
    }
    model: Any
    if boosting:
        model = HistGradientBoostingClassifier(**small) if shares else HistGradientBoostingRegressor(**small)
    else:
        linear = LogisticRegression(max_iter=1000) if shares else Ridge()
        model = make_pipeline(StandardScaler(), linear)
    model.fit(columns, outcome)
    return lambda asked: model.predict_proba(asked)[:, 1] if shares else model.predict(asked)
