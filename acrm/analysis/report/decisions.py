"""What to do: at most seven decisions out of all results, the surest first, no customer in two of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from acrm.analysis.report.proposal import PARTS, Candidate, Proposal
from acrm.analysis.report.proposed_goods import of_basket, of_products
from acrm.analysis.report.proposed_people import of_churn, of_offers, of_rfm, of_segment
from acrm.analysis.report.proposed_sales import of_channels, of_funnel, of_health, of_service
from acrm.analysis.result import Scalar
from acrm.messages import Message, listed, text
from acrm.schema import dtype

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.report.decided_before import Before
    from acrm.analysis.report.goals import Scorecard

LIMIT = 7
OF_ONE = 3
"""Decisions of one result at most, so that the others are heard."""
LEFT = 0.1
"""Share of its own customers, or deals, that must be in no better decision for it to be one of its own."""
_SOURCES: dict[str, Callable[[Any], Iterator[Candidate]]] = {
    "health": of_health,
    "segment": of_segment,
    "churn": of_churn,
    "rfm": of_rfm,
    "offers": of_offers,
    "basket": of_basket,
    "products": of_products,
    "funnel": of_funnel,
    "channels": of_channels,
    "service": of_service,
}
_RESTS_ON = {
    "segment": ("rfm", "churn"),
    "churn": ("churn",),
    "rfm": ("rfm",),
    "offers": ("rfm", "product"),
    "basket": ("product",),
    "products": ("product", "revenue"),
}
"""What must not be withheld for a result to be acted upon."""
_SIDE = {"service": "satisfaction", "funnel": "money", "channels": "money", "churn": "growth", "health": "process"}
"""The side of a scorecard that decisions of a result serve; the others are about money."""


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What to do.

    Attributes:
        tables: `decisions`, the best first: `decision_id` (the same on every run), `part`, `kind`, `action`, `who`,
            `of` (customer, deal, product, channel, row), `n`, `customers` (`n` of customers, else 0), `elsewhere`
            (how many more would belong to it and are in a better one), `reason`, `cost`, `effect`, `low`, `high`
            (Decimal; null: not known), `stake` (what it is about, where no effect can be told), `source` (of the
            effect), `basis` (measured, assumed, not_separable), `check`, `owner`, `due`, `goal` (red goals that it
            serves), `before` (what was decided earlier and is still open).
            `ids`, by decision and id: `decision_id`, `of`, `id`: who and what they are about.
            `before`, if any were recorded: see `decided_before`.
        figures: `decisions`, of them `decisions_measured`, `_assumed`, `_not_separable`; `currency`.
        notes: Why there is nothing to decide, what was left out.
    """

    tables: dict[str, pl.DataFrame]
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def decisions(
    results: Mapping[str, Any],
    *,
    goals: Scorecard | None = None,
    before: Before | None = None,
    limit: int = LIMIT,
) -> Decided:
    """Choose among what the results propose.

    Failed gates of the data come first, then the order of `Proposal.rank`. A customer, or a deal, is in one decision
    alone: a worse one goes on without them, its figures counted anew, or is dropped where fewer than a tenth are left.
    Of one result at most three are taken. What rests on withheld figures is left out. Rules and assumptions:
    docs/methods/report.md.

    Args:
        results: By name, of `PARTS`, as far as they were made; others are not looked at.
        goals: The scorecard: red goals are named beside the decisions that serve them.
        before: What was decided earlier, see `decided_before.decided_before`.
        limit: Decisions at most.
    """
    candidates, idle, barred = _gathered(results)
    chosen, more = _chosen(candidates, limit)
    notes = _notes(chosen, more, idle, barred, [part for part in PARTS if part in results])
    currency = next((value for part in PARTS if (value := _currency(results.get(part)))), None)
    figures: dict[str, Scalar] = {"decisions": len(chosen), "currency": currency}
    for basis in ("measured", "assumed", "not_separable"):
        figures[f"decisions_{basis}"] = sum(one.basis == basis for one, _ in chosen)
    tables = {"decisions": _table(chosen, goals, before), "ids": _ids(chosen)}
    if before is not None:
        tables["before"] = before.table
        notes += before.notes
    return Decided(tables=tables, figures=figures, notes=tuple(notes))


def _gathered(results: Mapping[str, Any]) -> tuple[list[Candidate], list[str], list[str]]:
    """What the results propose; those with nothing to propose, and those that may not."""
    import polars as pl

    nobody = pl.Series("id", [], dtype=pl.String)
    withheld: frozenset[str] = getattr(results.get("health"), "withheld", frozenset())
    candidates: list[Candidate] = []
    idle, barred = [], []
    for part in PARTS:
        if part not in results or (part == "rfm" and "segment" in results):
            continue
        if withheld & {*_RESTS_ON.get(part, ())}:
            barred.append(part)
            continue
        found = [*_SOURCES[part](results[part])]
        candidates += found
        if part != "health" and all(candidate(nobody) is None for candidate in found):
            idle.append(part)
    return candidates, idle, barred


def _notes(
    chosen: list[tuple[Proposal, int]], more: list[str], idle: list[str], barred: list[str], made: list[str]
) -> list[Message]:
    def said(id: str, parts: list[str]) -> Message:
        names = listed(dict.fromkeys(map(_part, parts)), len(PARTS))
        return Message(f"report_decisions.{id}", {"parts": names, "n": len(parts)})

    notes = [said("withheld", barred)] if barred else []
    if not chosen:
        why = said("nothing_found", made) if made else Message("report_decisions.nothing_made")
        notes.append(Message("report_decisions.none", {"why": why}))
    elif idle:
        notes.append(said("idle", idle))
    if more:
        notes.append(said("more", more))
    twice = sum(lost for _, lost in chosen)
    if twice:
        notes.append(Message("report_decisions.once", {"n": twice}))
    return notes


def _chosen(candidates: list[Candidate], limit: int) -> tuple[list[tuple[Proposal, int]], list[str]]:
    """The best, each without whom those before are about, and how many these were; the parts of what is left."""
    import polars as pl

    nobody = pl.Series("id", [], dtype=pl.String)
    taken = {"customer": nobody, "deal": nobody}
    # Each with what it is alone, and what is left of it.
    open_ = [(candidate, own, own) for candidate in candidates if (own := candidate(nobody)) is not None]
    chosen: list[tuple[Proposal, int]] = []
    counts: dict[str, int] = {}
    dropped: list[str] = []
    while len(chosen) < limit:
        open_.sort(key=lambda one: one[2].rank)
        place = next((at for at, (_, _, now) in enumerate(open_) if counts.get(now.part, 0) < OF_ONE), None)
        if place is None:
            break
        _, alone, best = open_.pop(place)
        chosen.append((best, alone.n - best.n))
        counts[best.part] = counts.get(best.part, 0) + 1
        if best.of not in taken:
            continue
        apart = [] if best.apart is None else [best.apart]
        taken[best.of] = pl.concat([taken[best.of], best.ids, *apart])
        still = []
        for candidate, own, now in open_:
            rest = candidate(taken[best.of]) if own.of == best.of else now
            if rest is not None and rest.n >= LEFT * own.n:
                still.append((candidate, own, rest))
            else:
                dropped.append(own.part)
        open_ = still
    # Without those of the better ones, a decision may be surer than it was.
    chosen.sort(key=lambda one: one[0].rank)
    return chosen, [*(now.part for _, _, now in open_), *dropped]


def _part(part: str) -> str:
    return text(f"report_decisions.part.{part}")


def _currency(result: Any) -> Any:
    return getattr(result, "summary", {}).get("currency")


def decision_id(proposal: Proposal) -> str:
    """The same for the same kind of decision about the same thing, whatever the day and whoever it is about."""
    said = f"{proposal.part}\x1f{proposal.kind}\x1f{proposal.key}"
    return blake2b(said.encode(), digest_size=4).hexdigest()


def _table(chosen: list[tuple[Proposal, int]], goals: Scorecard | None, before: Before | None) -> pl.DataFrame:
    import polars as pl

    texts = ("part", "kind", "action", "who", "of", "reason", "source", "basis", "check", "owner")
    amounts = ("cost", "effect", "low", "high", "stake")
    rows = [
        {"decision_id": decision_id(one)}
        | {name: getattr(one, name) for name in (*texts, "due")}
        | {name: None if (value := getattr(one, name)) is None else f"{value:.2f}" for name in amounts}
        | {"n": one.n, "customers": one.n if one.of == "customer" else 0, "elsewhere": lost}
        | {
            "goal": _goals(goals, one.part),
            "before": before.open_of(one.key) if before and one.part == "segment" else None,
        }
        for one, lost in chosen
    ]
    order = (
        *("decision_id", "part", "kind", "action", "who", "of", "n", "customers", "elsewhere", "reason", *amounts),
        *("source", "basis", "check", "owner", "due", "goal", "before"),
    )
    kinds: dict[str, Any] = dict.fromkeys(order, pl.String)
    kinds |= dict.fromkeys(("n", "customers", "elsewhere"), pl.Int64) | {"due": pl.Date}
    table = pl.DataFrame(rows, schema=kinds)
    return table.with_columns(pl.col(name).cast(dtype("money")) for name in amounts)


def _goals(goals: Scorecard | None, part: str) -> str | None:
    """The red goals of the side that a result serves."""
    import polars as pl

    if goals is None:
        return None
    red = goals.table.filter(pl.col("colour") == "red", pl.col("side") == _SIDE.get(part, "money"))
    return listed(red["goal"]) if red.height else None


def _ids(chosen: list[tuple[Proposal, int]]) -> pl.DataFrame:
    import polars as pl

    schema = {"decision_id": pl.String, "of": pl.String, "id": pl.String}
    parts = [
        pl.DataFrame({"id": one.ids}).select(
            pl.lit(decision_id(one)).alias("decision_id"), pl.lit(one.of).alias("of"), "id"
        )
        for one, _ in chosen
    ]
    return pl.concat([pl.DataFrame(schema=schema), *parts]).sort("decision_id", "id")
