"""What models learned earlier foretold of later windows, beside the rules that anybody could follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acrm.analysis.churn.metrics import Told
from acrm.analysis.churn.training import score, train
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.churn.prepared import Trial


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What came of the trials.

    Attributes:
        table: The latest first: `train`, `test` (cutoffs), `customers`, `churn`, `roc_auc`, `brier`, and
            `roc_auc_<rule>` of every rule (null: cannot be had).
        latest: Everything that was foretold of the latest window; None without trials.
    """

    table: pl.DataFrame
    latest: Told | None

    @property
    def notes(self) -> Iterator[Message]:
        """That there was nothing to try on, or how many windows were tried."""
        if self.latest is None:
            yield Message("churn.no_origin")
        else:
            row = self.table.row(0, named=True)
            yield Message("churn.tried", {"windows": self.table.height, "train": row["train"], "test": row["test"]})


def tried(trials: Iterable[Trial], *, seed: int = 0) -> Tried:
    """Learn from each earlier case and foretell the later one.

    Args:
        trials: The latest first.
        seed: Of the models.
    """
    import numpy as np
    import polars as pl

    from acrm.models.classification_metrics import roc_auc

    rows: list[dict[str, Any]] = []
    latest: Told | None = None
    names: dict[str, None] = {}
    for trial in trials:
        foretold = score(train(trial.train, seed=seed), trial.test.table)["churn_probability"].to_numpy()
        left = trial.test.outcome.to_numpy().astype(bool)
        columns = [name for name in trial.rules.columns if name != "customer_id"]
        names |= dict.fromkeys(columns)
        rules = {name: trial.rules[name].to_numpy() for name in columns if not trial.rules[name].null_count()}
        rows.append(
            {
                "train": trial.train.cutoff,
                "test": trial.test.cutoff,
                "customers": len(left),
                "churn": round(float(left.mean()), 6),
                "roc_auc": round(roc_auc(left, foretold), 6),
                "brier": round(float(((foretold - left) ** 2).mean()), 6),
                **{f"roc_auc_{name}": round(roc_auc(left, scores), 6) for name, scores in rules.items()},
            }
        )
        if latest is None:
            one_list = np.zeros((1, len(left)), np.intp)
            latest = Told(outcome=left, foretold=foretold[None, :], fold=one_list, rules=rules)
    schema: dict[str, Any] = {"train": pl.Date, "test": pl.Date, "customers": pl.Int64}
    schema |= dict.fromkeys(("churn", "roc_auc", "brier", *(f"roc_auc_{name}" for name in names)), pl.Float64)
    return Tried(table=pl.DataFrame(rows, schema=schema), latest=latest)
