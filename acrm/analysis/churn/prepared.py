"""What a setting hands over to be learned from, scored and tried: the same whether a label, contracts or purchases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from acrm.analysis.result import Scalar
from acrm.errors import InputError
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.churn.case import Case
    from acrm.analysis.people.features import Feature

Setting = Literal["labelled", "contractual", "transactional"]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A model learned from `train` is tried on `test`, a later case whose labels begin when the earlier ones are over.

    `rules`: scores of naive rules for the customers of `test`, aligned, the higher the more likely to leave; a rule
    that cannot be had is null.
    """

    train: Case
    test: Case
    rules: pl.DataFrame


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Customers of one setting.

    Attributes:
        setting: Which.
        everyone: Those to be scored, sorted by `customer_id`, with the features.
        features: What is known of them.
        case: Customers whose outcome is known, to learn from. None: there are none, or a model is given.
        gone: Ids of those among `everyone` who have left already.
        window: Days ahead that the outcome is about; None where the label does not say.
        target, positive: The column that says who left, and its value for them; None where something else does.
        trials: Earlier cutoffs, the latest first; made one at a time, each is a table of customers.
        rules: Naive scores of the case's rows. None: those that `metrics.rules_of` finds among its features.
        raw: The table of customers as it was read, where the outcome stands in it.
        standing: Columns that are not ours as they stand today, of who left lately and who is still here; None where
            that is what the case has.
        figures: For the summary.
        tables: Besides.
        notes: How the setting was recognised, and what to know.
        shown: What only the page needs, by name.
    """

    setting: Setting
    everyone: pl.DataFrame
    features: tuple[Feature, ...]
    case: Case | None
    gone: frozenset[str] = frozenset()
    window: int | None = None
    target: str | None = None
    positive: str | None = None
    trials: Iterable[Trial] = ()
    rules: Mapping[str, pl.Series] | None = None
    raw: pl.DataFrame | None = None
    standing: Case | None = None
    figures: Mapping[str, Scalar] = field(default_factory=dict)
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    notes: tuple[Message, ...] = ()
    shown: Mapping[str, Any] = field(default_factory=dict)

    def known(self) -> Case:
        """Customers whose outcome is known.

        Raises:
            InputError: There are none.
        """
        if self.case is None:
            raise InputError("churn_nothing")
        return self.case
