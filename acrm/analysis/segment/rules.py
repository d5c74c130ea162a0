"""Segments by the user's own conditions: who fits which, who fits several or none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acrm.analysis.result import Scalar
from acrm.errors import UsageError
from acrm.messages import Message, listed

if TYPE_CHECKING:
    import polars as pl

OTHER = "other"
_KEYS = {"id", "label", "where"}


@dataclass(frozen=True, kw_only=True)
class RuleSegment:
    """A segment of the user: its id, what it is called, and the SQL condition of its customers."""

    id: str
    label: str
    where: str


@dataclass(frozen=True, kw_only=True)
class RuleSegments:
    """Customers by the first rule that they fit.

    Attributes:
        table: Sorted by `customer_id`: `segment` (`OTHER` where none fits), `fits` (how many rules do).
        check: In the order of the rules, `OTHER` last: `segment`, `label`, `condition`, `customers` (whom it decides
            on), `fit`, `only` (who fit no other), `earlier` (who fit, but an earlier rule decided).
        overlap: Pairs of rules that somebody fits both, in the order of the rules: `first`, `second`, `customers`.
        figures: `fit_none`, `fit_several` and the shares of them.
        notes: What of the rules does not work as it may be meant.
    """

    table: pl.DataFrame
    check: pl.DataFrame
    overlap: pl.DataFrame
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def rule_segments(people: pl.DataFrame, document: Mapping[str, Any]) -> RuleSegments:
    """Put every customer into the first segment whose condition holds; what is unknown does not hold.

    Args:
        people: `customer_id` and the columns that conditions may name, one row per customer.
        document: A parsed `segments.toml`: `[[segment]]` tables with `id`, `where` and, if wanted, `label`.

    Raises:
        UsageError: All faults of the document, conditions that do not hold together among them.

    Examples:
        >>> import polars as pl
        >>> people = pl.DataFrame({"customer_id": ["a", "b", "c"], "spend": [50.0, 500.0, 5.0]})
        >>> rules = [{"id": "big", "where": "spend > 100"}, {"id": "some", "where": "spend > 10"}]
        >>> rule_segments(people, {"segment": rules}).table.rows()
        [('a', 'some', 1), ('b', 'big', 2), ('c', 'other', 0)]
    """
    import polars as pl

    from acrm.where import where

    people = people.sort("customer_id")
    rules, faults = _read(document)
    fitting: dict[str, pl.Series] = {}
    numbered = people.with_row_index("_row").lazy()
    for number, rule in rules:
        try:
            rows = where({"customers": numbered}, "customers", rule.where).select("_row").collect()["_row"]
        except UsageError as error:
            faults.append(_fault("condition", number=number, reason=error))
            continue
        fitting[rule.id] = pl.Series(rule.id, pl.arange(people.height, eager=True).is_in(rows.implode()))
    if faults:
        raise UsageError("segment_rules", problems="; ".join(map(str, faults)))
    wide = people.select("customer_id").with_columns(fitting.values())
    ids = list(fitting)
    first = pl.coalesce([pl.when(pl.col(id)).then(pl.lit(id)) for id in ids] + [pl.lit(OTHER)])
    wide = wide.with_columns(segment=first, fits=pl.sum_horizontal([pl.col(id).cast(pl.Int64) for id in ids]))
    rows_of = {rule.id: rule for _, rule in rules}
    check = pl.DataFrame(
        [_checked(wide, rows_of[id]) for id in ids] + [_left(wide)],
        schema={
            **dict.fromkeys(("segment", "label", "condition"), pl.String),
            **dict.fromkeys(("customers", "fit", "only", "earlier"), pl.Int64),
        },
    )
    pairs = [
        {"first": one, "second": other, "customers": int((wide[one] & wide[other]).sum())}
        for place, one in enumerate(ids)
        for other in ids[place + 1 :]
    ]
    overlap = pl.DataFrame(pairs, schema={"first": pl.String, "second": pl.String, "customers": pl.Int64})
    none, several = int((wide["fits"] == 0).sum()), int((wide["fits"] > 1).sum())
    return RuleSegments(
        table=wide.select("customer_id", "segment", "fits"),
        check=check,
        overlap=overlap.filter(pl.col("customers") > 0),
        figures={
            "fit_none": none,
            "fit_several": several,
            "fit_none_share": round(none / max(wide.height, 1), 6),
            "fit_several_share": round(several / max(wide.height, 1), 6),
        },
        notes=tuple(_notes(check, wide.height, none, several)),
    )


def _fault(what: str, **values: object) -> Message:
    return Message(f"segment_rules.fault.{what}", values)


def _read(document: Mapping[str, Any]) -> tuple[list[tuple[int, RuleSegment]], list[Message]]:
    """The rules that can be tried, by number, and what is wrong with the others."""
    entries = document.get("segment")
    faults = [_fault("unknown", key=key) for key in document if key != "segment"]
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, Mapping) for entry in entries):
        return [], [*faults, _fault("empty")]
    rules: list[tuple[int, RuleSegment]] = []
    for number, entry in enumerate(entries, 1):
        id, condition = entry.get("id"), entry.get("where")
        faults += [_fault("key", number=number, key=key) for key in entry if key not in _KEYS]
        if not isinstance(id, str) or not id.strip() or id in (OTHER, "customer_id", "segment", "fits"):
            faults.append(_fault("id", number=number, reserved=OTHER))
        elif any(id == rule.id for _, rule in rules):
            faults.append(_fault("twice", number=number, id=id))
        if not isinstance(condition, str) or not condition.strip():
            faults.append(_fault("where", number=number))
        else:
            rules.append((number, RuleSegment(id=str(id), label=str(entry.get("label", id)), where=condition)))
    return rules, faults


def _checked(wide: pl.DataFrame, rule: RuleSegment) -> dict[str, Any]:
    fits, decided = wide[rule.id], wide["segment"] == rule.id
    return {
        "segment": rule.id,
        "label": rule.label,
        "condition": rule.where,
        "customers": int(decided.sum()),
        "fit": int(fits.sum()),
        "only": int((fits & (wide["fits"] == 1)).sum()),
        "earlier": int((fits & ~decided).sum()),
    }


def _left(wide: pl.DataFrame) -> dict[str, Any]:
    none = int((wide["fits"] == 0).sum())
    label = str(Message("segment_rules.other"))
    return {"segment": OTHER, "label": label, "customers": none, "fit": none, "only": none, "earlier": 0}


def _notes(check: pl.DataFrame, customers: int, none: int, several: int) -> list[Message]:
    import polars as pl

    notes = []
    if none:
        notes.append(Message("segment_rules.none", {"customers": none, "share": none / customers}))
    if several:
        notes.append(Message("segment_rules.several", {"customers": several, "share": several / customers}))
    rules = check.filter(pl.col("segment") != OTHER)
    if nobody := rules.filter(pl.col("fit") == 0)["segment"].to_list():
        notes.append(Message("segment_rules.nobody", {"segments": listed(nobody)}))
    if covered := rules.filter(pl.col("fit") > 0, pl.col("customers") == 0)["segment"].to_list():
        notes.append(Message("segment_rules.covered", {"segments": listed(covered)}))
    return notes
