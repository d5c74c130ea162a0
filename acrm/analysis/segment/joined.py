"""One result of several: segments with what to do, who moved, what two groups differ in, and lists beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from acrm.errors import UsageError
from acrm.messages import listed

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.actions.actions import ActionsResult
    from acrm.analysis.actions.crm_export import Export
    from acrm.analysis.lists.call_list import CallList
    from acrm.analysis.lists.lookalike import Lookalike
    from acrm.analysis.lists.reminders import Reminders
    from acrm.analysis.lists.sample import Sample
    from acrm.analysis.people.people import People
    from acrm.analysis.segment.segment import SegmentResult


def per_order(result: SegmentResult, people: People) -> pl.DataFrame:
    """The customers with what an order of each costs and leaves, as far as known: what a plan asks for."""
    customers = result.tables["customers"]
    if people.bought is None:
        return customers
    return customers.join(people.bought.per_order, on="customer_id", how="left", maintain_order="left")


def with_plan(result: SegmentResult, plan: ActionsResult) -> SegmentResult:
    """The result with the table `actions`, in a file of that name, and the table `budget`."""
    figures = {f"plan_{name}": value for name, value in plan.summary.items() if name not in ("as_of", "currency")}
    return replace(
        result,
        tables={**result.tables, **plan.tables},
        summary={**result.summary, **figures},
        apart=result.apart | {"actions"},
        plan=plan,
    )


def with_export(result: SegmentResult, system: str, exported: Export, content: str) -> SegmentResult:
    """The result with the file for an operational CRM, and the table `sent` of what it now knows."""
    return replace(
        result,
        tables={**result.tables, "sent": exported.sent},
        files={**result.files, f"segment_{system}.csv": content},
        summary={**result.summary, "exported": exported.rows.height},
    )


def with_moves(result: SegmentResult, moved: pl.DataFrame, customers: int) -> SegmentResult:
    """The result with who is in another segment than before; `customers` are in both."""
    stayed = moved.drop_nulls(["before", "now"]).height
    figures = {"moved": stayed, "moved_share": round(stayed / customers, 6) if customers else None}
    figures |= {"joined": moved["before"].null_count(), "gone": moved["now"].null_count()}
    return replace(result, tables={**result.tables, "moves": moved}, summary={**result.summary, **figures})


def with_lists(result: SegmentResult, lists: Mapping[str, Reminders | Sample | CallList | Lookalike]) -> SegmentResult:
    """The result with lists beside it: their tables by their names, their figures, their notes."""
    figures: dict[str, Any] = {}
    for found in lists.values():
        figures |= getattr(found, "figures", {})
    return replace(
        result,
        tables={**result.tables, **{name: found.table for name, found in lists.items()}},
        summary={**result.summary, **figures},
        notes=(*result.notes, *(note for found in lists.values() for note in found.notes)),
    )


def compared(people: People, result: SegmentResult, first: str, second: str) -> pl.DataFrame:
    """What two groups differ in; each is a segment (its number or name) or a condition in SQL.

    Raises:
        UsageError: There is no such segment, and it is no condition; nobody is in a group.
    """
    from acrm.analysis.segment.differences import compare

    useless = set(result.tables["left_out"]["column"])
    features = [feature for feature in people.features if feature.name not in useless]
    one, other = (_mask(people, result, words) for words in (first, second))
    return compare(people.table, features, one, other)


def members(result: SegmentResult, words: str) -> pl.Series | None:
    """Ids of the customers of a segment, by its number, its name, or a part of it that no other has."""
    import polars as pl

    customers = result.tables["customers"]
    names = dict(result.tables["segments"].select("segment_id", "segment").rows())
    exact = [number for number, name in names.items() if words in (str(number), name)]
    chosen = exact or [number for number, name in names.items() if words.lower() in name.lower()]
    if len(chosen) != 1:
        return None
    return customers.filter(pl.col("segment_id") == chosen[0])["customer_id"]


def _mask(people: People, result: SegmentResult, words: str) -> pl.Series:
    import polars as pl

    from acrm.where import where

    found = members(result, words)
    if found is None:
        whole = people.table.join(result.tables["customers"].select("customer_id", "segment"), on="customer_id")
        try:
            found = (
                where({"customers": whole.lazy()}, "customers", words).select("customer_id").collect()["customer_id"]
            )
        except UsageError as error:
            names = result.tables["segments"]["segment"].to_list()
            raise UsageError("segment_group", words=words, names=listed(names), reason=error) from error
    if found.is_empty():
        raise UsageError("segment_group_empty", words=words)
    return people.table.select(pl.col("customer_id").is_in(found.implode())).to_series()
