"""What models learned earlier foretold of later windows, beside the rules that anybody could follow."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from acrm.analysis.churn.metrics import Told, told_at_once
from acrm.analysis.churn.training import foretell
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


def tried(trials: Iterable[Trial], features: Collection[str], *, interactions: bool = False, seed: int = 0) -> Tried:
    """Learn from each earlier case and foretell the later one.

    Args:
        trials: The latest first.
        features: Columns that may be learned from.
        interactions: The kind of the model that is tried, see `acrm.analysis.churn.training.foretell`.
        seed: Of the models.
    """
    import polars as pl

    from acrm.models.classification_metrics import roc_auc

    rows: list[dict[str, Any]] = []
    latest: Told | None = None
    names: dict[str, None] = {}
    for trial in trials:
        allowed = tuple(feature for feature in trial.train.features if feature.name in features)
        p = foretell(replace(trial.train, features=allowed), trial.test.table, interactions=interactions, seed=seed)
        columns = [name for name in trial.rules.columns if name != "customer_id"]
        names |= dict.fromkeys(columns)
        told = told_at_once(trial.test.outcome, pl.Series(p), {name: trial.rules[name] for name in columns})
        left, foretold = told.outcome, told.probability
        rows.append(
            {
                "train": trial.train.cutoff,
                "test": trial.test.cutoff,
                "customers": len(left),
                "churn": round(float(left.mean()), 6),
                "roc_auc": round(roc_auc(left, foretold), 6),
                "brier": round(float(((foretold - left) ** 2).mean()), 6),
                **{f"roc_auc_{name}": round(roc_auc(left, scores), 6) for name, scores in told.rules.items()},
            }
        )
        latest = latest or told
    schema: dict[str, Any] = {"train": pl.Date, "test": pl.Date, "customers": pl.Int64}
    schema |= dict.fromkeys(("churn", "roc_auc", "brier", *(f"roc_auc_{name}" for name in names)), pl.Float64)
    return Tried(table=pl.DataFrame(rows, schema=schema), latest=latest)
