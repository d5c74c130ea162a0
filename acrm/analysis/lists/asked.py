"""The lists that were asked for beside a result of segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from acrm.errors import UsageError
from acrm.messages import listed

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.lists.lookalike import Lookalike
    from acrm.analysis.lists.reminder_rules import Rule
    from acrm.analysis.people.people import People
    from acrm.analysis.segment.segment import SegmentResult


@dataclass(frozen=True, kw_only=True)
class ListParams:
    """Which lists: the rules of reminders, the words for a segment, the margin of a sample as a share."""

    reminders: Sequence[Rule] | None = None
    ahead: int = 7
    call_list: bool = False
    lookalike: str | None = None
    top: int = 100
    sample: float | None = None
    by: Sequence[str] = ()


def lists(
    result: SegmentResult, people: People, tables: Mapping[str, pl.LazyFrame], params: ListParams
) -> dict[str, Any]:
    """The lists by the names of their tables; nobody who refuses contact is on any.

    Raises:
        UsageError: A list needs what there is not: a day, deals, orders, a segment, a column.
    """
    from acrm.analysis.lists.call_list import call_list, leads
    from acrm.analysis.lists.reminders import reminders
    from acrm.analysis.lists.sample import sample
    from acrm.analysis.people.consent import refusing

    bought, unwilling = people.bought, refusing(tables)
    found: dict[str, Any] = {}
    if params.reminders is not None:
        if people.as_of is None:
            raise UsageError("segment_no_day")
        days, loose = (bought.days, bought.loose) if bought else (None, None)
        found["reminders"] = reminders(
            params.reminders, days, tables, as_of=people.as_of, ahead=params.ahead, refunds=loose
        )
    if params.call_list:
        told = leads(tables, people)
        if told is None:
            raise UsageError("segment_no_leads")
        found["calls"] = call_list(*told, refusing=unwilling)
    if params.lookalike is not None:
        found["lookalikes"] = _alike(result, people, params.lookalike, params.top, unwilling)
    if params.sample is not None:
        groups = people.table.join(result.tables["customers"].drop("distance", strict=False), on="customer_id")
        by = columns(groups.columns, params.by or ("segment",))
        found["sample"] = sample(groups, by=by, refusing=unwilling, margin=params.sample, seed=result.params.seed)
    return found


def columns(known: Sequence[str], words: Sequence[str]) -> tuple[str, ...]:
    """Columns by name, with or without the `x_` of those that are not ours.

    >>> columns(["city", "x_has_dog"], ["has_dog"])
    ('x_has_dog',)

    Raises:
        UsageError: There is none of a name; those that were likely meant are named.
    """
    found = []
    ours = sorted({one for one in known if not one.startswith("_")})
    for word in words:
        name = next((one for one in (word, f"x_{word}") if one in ours), None)
        if name is None:
            near = get_close_matches(word.lower(), ours, 1)
            raise UsageError("segment_by", column=word, known=listed(near or ours, 30))
        found.append(name)
    return tuple(found)


def _alike(result: SegmentResult, people: People, words: str, top: int, unwilling: pl.Series) -> Lookalike:
    from acrm.analysis.lists.lookalike import lookalike
    from acrm.analysis.segment.joined import members

    chosen = members(result, words)
    if chosen is None:
        names = result.tables["segments"]["segment"].to_list()
        raise UsageError("segment_unknown", words=words, names="; ".join(names))
    if people.bought is None:
        raise UsageError("segment_no_orders")
    everyone, buyers = people.table["customer_id"], people.bought.table["customer_id"]
    return lookalike(
        people.table,
        people.features,
        segment=chosen.filter(chosen.is_in(buyers.implode())),
        candidates=everyone.filter(~everyone.is_in(buyers.implode())),
        refusing=unwilling,
        top=top,
    )
