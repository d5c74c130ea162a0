"""What is said of channels: figures for the summary, and what to know before they are trusted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from acrm.analysis.channels.marginal import EVENTS, PERIODS, STEADY
from acrm.analysis.channels.params import FEW, LEVEL
from acrm.messages import Message, listed, text
from acrm.schema import NOWHERE

_MIXED = "error.mixed_currencies"

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.channels.counted import Counted
    from acrm.analysis.channels.spend import Spent
    from acrm.analysis.result import Scalar


def rounded(value: float | None) -> float | None:
    """A figure of the summary, in six digits."""
    return None if value is None else round(value, 6)


def figures(leading: Counted, main: pl.DataFrame, whole: Mapping[str, Any]) -> dict[str, Any]:
    """Of the leading units and column."""
    days = leading.units["day"].drop_nulls()
    more, less = (main.filter(verdict=one).sort("rate", "_key", nulls_last=True) for one in ("more", "less"))
    best, worst = more.tail(1), less.head(1)
    return {
        **leading.figures,
        "first": days.min(),
        "last": days.max(),
        "window_days": leading.window,
        "channels": whole["channels"],
        "units": whole["units"],
        "not_recorded": whole["not_recorded"],
        "not_recorded_share": rounded(whole["not_recorded"] / whole["units"] if whole["units"] else None),
        "judged": whole["judged"],
        "converted": whole["converted"],
        "conversion": rounded(whole["converted"] / whole["judged"] if whole["judged"] else None),
        "chi_square": rounded(whole["chi_square"]),
        "df": whole["df"],
        "p": whole["p"],
        "clear": more.height + less.height,
        "best": best["channel"][0] if best.height else None,
        "best_rate": rounded(best["rate"][0] if best.height else None),
        "worst": worst["channel"][0] if worst.height else None,
        "worst_rate": rounded(worst["rate"][0] if worst.height else None),
    }


def cost_figures(cost: pl.DataFrame, match: Spent) -> dict[str, Scalar]:
    """Of all channels that money was spent on."""
    spend = cost["spend"].sum()
    units, converted = (int(cost[name].sum()) for name in ("units", "converted"))
    converted = 0 if match.found.of == "customers" else converted
    return {
        "spend": spend,
        "spend_from": match.since,
        "spend_to": match.until,
        "spend_currency": match.currency,
        "cost_per_unit": rounded(float(spend) / units) if units else None,
        "cost_per_converted": rounded(float(spend) / converted)
        if converted and match.found.of != "customers"
        else None,
    }


def credit_figures(credits: pl.DataFrame) -> dict[str, Scalar]:
    """Of the channel with most credit."""
    top = credits.head(1)
    return {
        "credit_first": top["channel"][0] if top.height else None,
        "credit_first_low": rounded(top["share_low"][0] if top.height else None),
        "credit_first_high": rounded(top["share_high"][0] if top.height else None),
    }


def several(of: str, codes: Sequence[str]) -> Message:
    """That amounts `of` something are in several currencies."""
    return Message(
        "channels.currencies", {"of": text(f"channels.money.{of}"), "found": listed(codes), "currency": codes[0]}
    )


def one_of_currencies(notes: Sequence[Message]) -> list[Message]:
    """The notes, with all that say, or have for their reason, that amounts are in several currencies, as one.

    >>> told = [several("deals", ["EUR", "USD"]), Message("channels.few"), several("spend", ["EUR", "RUB"])]
    >>> [(note.id, note.values.get("of")) for note in one_of_currencies(told)]
    [('channels.currencies', 'deals, spend'), ('channels.few', None)]
    """
    told: dict[str, Message] = {}
    kept: list[Message | None] = []
    for note in notes:
        why = note.values.get("why", note)
        if note.id == "channels.currencies":
            told.setdefault(str(note.values["of"]), note)
        elif isinstance(why, Message) and why.id == _MIXED:
            told.setdefault(
                text("channels.money.orders"), Message(note.id, {**why.values, "found": why.values["counts"]})
            )
        else:
            kept.append(note)
            continue
        if None not in kept:
            kept.append(None)
    if not told:
        return [*notes]
    # Codes alone are shorter than how many lines are in each.
    shortest = min(told.values(), key=lambda note: len(str(note.values["found"])))
    said = Message("channels.currencies", {**shortest.values, "of": listed(told)})
    return [said if note is None else note for note in kept]


def about(leading: Counted, main: pl.DataFrame, whole: Mapping[str, Any]) -> Iterator[Message]:
    """What to know before the shares are trusted."""
    import polars as pl

    if whole["not_recorded"]:
        share = whole["not_recorded"] / whole["units"]
        yield Message("channels.not_recorded", {"n": whole["not_recorded"], "share": share})
    words = main.filter(pl.col("_key").is_in(sorted(NOWHERE)))
    if words.height:
        rows = int(words["units"].sum())
        told = {"names": listed(words["channel"]), "n": rows, "share": (rows + whole["not_recorded"]) / whole["units"]}
        yield Message("channels.nowhere", told)
    if leading.window:
        waiting = whole["units"] - whole["judged"]
        yield Message("channels.window", {"days": leading.window, "n": waiting})
    elif leading.of == "customers" and not whole["judged"] and leading.figures:
        yield Message("channels.too_young")
    if whole["small_cells"]:
        yield Message("channels.small_cells", {"n": whole["small_cells"]})
    if few := main.filter(pl.col("verdict") == "few").height:
        yield Message("channels.few", {"n": few, "few": FEW})


def about_spend(match: Spent, marginal: pl.DataFrame) -> Iterator[Message]:
    """What to know before costs and returns are trusted."""
    import polars as pl

    values = {"column": match.column, "of": text(f"channels.of.{match.found.of}"), "level": LEVEL}
    values |= {"since": match.since, "until": match.until}
    yield Message("channels.spend_matched", values)
    told = marginal.filter(pl.col("marginal").is_not_null())
    for verdict, needed in (("few", PERIODS), ("steady", STEADY), ("rare", EVENTS)):
        rows = marginal.filter(pl.col("verdict") == verdict).select("channel", "outcome").rows()
        names = [f"{channel} ({text(f'channels.one.{outcome}')})" for channel, outcome in rows]
        if names:
            yield Message(f"channels.marginal_{verdict}", {"names": listed(names), "needed": needed})
    if told.height:
        yield Message("channels.marginal_told")
