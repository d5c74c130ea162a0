"""The setting with a label: a column says who left."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from acrm.analysis.churn.label import column_of, labelled, plain_name
from acrm.analysis.churn.prepared import Prepared
from acrm.messages import Message

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from acrm.analysis.people.people import People


def of_label(
    people: People,
    *,
    target: str | None = None,
    positive: str | None = None,
    beside: Collection[str] = (),
    raw: pl.DataFrame | None = None,
    needed: bool = True,
    as_of: date | None = None,
) -> Prepared | None:
    """Customers of whom a column says whether they left; None where there is none.

    Args:
        people: The customers, the column among their features.
        target: Name of the column. None: one that is called so, see `acrm.analysis.churn.label`.
        positive: Its value for those who left. None: recognised.
        beside: Columns that are no features: what a campaign gave and what it brought.
        raw: The table of customers as it was read.
        as_of: The day as of which the columns hold, if it was told: days of after it are leaks.
        needed: Whether there must be a label; a saved model scores customers without one.

    Returns:
        Everybody is scored, those without a value in the column too; `shown` has `beside`, the columns of that name.

    Raises:
        InputError: See `labelled`.
    """
    import polars as pl

    out = {plain_name(name) for name in beside}
    kept = ["customer_id", *(name for name in people.table.columns if plain_name(name) in out)]
    features = [feature for feature in people.features if plain_name(feature.name) not in out]
    figures = {"as_of": people.as_of} if people.as_of else {}
    shown = {"beside": people.table.select(kept)}
    if not needed and (target is None or column_of(people.table.columns, target) is None):
        return Prepared(
            setting="labelled",
            everyone=people.table,
            features=tuple(features),
            case=None,
            figures=figures,
            notes=(Message("churn.setting.labelled"),),
            shown=shown,
        )
    found = labelled(people.table, features, target=target, positive=positive, cutoff=as_of)
    if found is None:
        return None
    names = ["customer_id", *(feature.name for feature in found.case.features)]
    everyone = pl.concat([found.case.table.select(names), found.unlabelled.select(names)]).sort("customer_id")
    return Prepared(
        setting="labelled",
        everyone=everyone,
        features=found.case.features,
        case=found.case,
        gone=frozenset(found.case.table["customer_id"].filter(found.case.outcome)),
        target=found.column,
        positive=found.left,
        raw=raw,
        figures={"target": found.column.removeprefix("x_"), "leavers": int(found.case.outcome.sum()), **figures},
        notes=(Message("churn.setting.labelled"), *found.notes),
        shown=shown,
    )
