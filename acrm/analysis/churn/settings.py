"""In which of the three settings customers leave: by a label, by contracts that end, or by purchases that stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from acrm.errors import UsageError
from acrm.messages import Message

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from acrm.analysis.churn.model_file import SavedChurn
    from acrm.analysis.churn.prepared import Prepared


def prepared(
    tables: Mapping[str, Any],
    contracts: Callable[[], tuple[pl.LazyFrame, tuple[Message, ...]]] | None = None,
    *,
    target: str | None = None,
    positive: str | None = None,
    window: int | None = None,
    beside: Sequence[str] = (),
    campaign: bool = False,
    saved: SavedChurn | None = None,
    as_of: date | None = None,
    seed: int = 0,
) -> Prepared:
    """By a label where there is one, else by contracts that end, else by purchases; a saved model says by which.

    Args:
        tables: Canonical tables.
        contracts: Gives those that count, and what was left out, where there are any.
        target: The column that says who left; None: it is looked for.
        positive: Its value of those who left.
        window: Days without a purchase, or after the day of the question.
        beside: Columns that are no cause: the treatment and the outcome of a campaign.
        campaign: Whether a campaign is asked about, which takes a label.
        saved: A model learned before.
        as_of: Today.
        seed: Of the customers drawn from many.

    Raises:
        InputError: Nothing tells who left.
        UsageError: A campaign without a label.
    """
    from acrm.analysis.churn.contractual import ENOUGH, contractual, ended_contracts
    from acrm.analysis.churn.label import missing, recognised
    from acrm.analysis.churn.of_label import of_label
    from acrm.analysis.churn.transactional import transactional
    from acrm.analysis.people.people import people

    lines = tables.get("transactions")
    customers = tables.get("customers")
    label = customers is not None and recognised(customers, target) is not None
    if target or (saved.setting == "labelled" if saved else label):
        kinds = saved.kinds if saved else None
        crowd = people(tables, lines=lines, axes=("demo", "behaviour", "needs"), as_of=as_of, kinds=kinds)
        raw = None if customers is None else customers.collect()
        if saved:
            target, positive = saved.target, saved.positive
        told = of_label(
            crowd,
            target=target,
            positive=positive,
            beside=beside,
            raw=raw,
            needed=saved is None,
            as_of=as_of,
        )
        if told is not None:
            return replace(told, notes=(*crowd.notes, *told.notes))
    if campaign:
        raise UsageError("churn_campaign_label")
    few: tuple[Message, ...] = ()
    if contracts is not None and not (saved and saved.setting == "transactional"):
        chosen, left_out = contracts()
        ended = ended_contracts(chosen, as_of)
        if lines is None or ended >= ENOUGH or saved:
            told = contractual(chosen, lines, tables, window=window, as_of=as_of, saved=saved)
            return replace(told, notes=(*told.notes, *left_out))
        few = (Message("churn_contractual.too_few", {"ended": ended, "needed": ENOUGH}),) if ended else ()
    if lines is None:
        raise missing(tables)
    told = transactional(lines, tables, window=window, as_of=as_of, saved=saved, seed=seed)
    return replace(told, notes=(*few, *told.notes))
