"""Everything that the sources tell, in one result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from acrm.analysis.report.beside import beside
from acrm.analysis.report.goals import read_goals, scorecard
from acrm.analysis.report.kpis import MEASURES, schema
from acrm.analysis.report.params import Gathered, ReportParams, ReportResult
from acrm.analysis.report.parts import PARTS, computed, figures_of, tables_of
from acrm.analysis.result import Scalar
from acrm.errors import InputError, UsageError
from acrm.messages import listed

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.report.goals import Scorecard
    from acrm.analysis.report.health import Health
    from acrm.analysis.report.sold import Sold

PLAIN = ("kpis", "cohorts", "trend", "health", "scorecard")
"""Parts whose figures have no name in front."""
_TO_DO = ("decisions", "opportunities", "card")
"""Parts that follow from all others."""
_SAME = ("as_of", "currency", "first_order_at", "last_order_at", "refunded")
"""Figures of every part that are told once for all."""


def report(have: Gathered, params: ReportParams) -> ReportResult:
    """Run every analysis whose tables exist, hold the data against the gates, and bring the answers together.

    An analysis that cannot answer is listed with its reason; only what was asked for by name stops the run.

    Args:
        have: Everything that the sources tell.
        params: See `ReportParams`.

    Returns:
        Table `kpis`, see `acrm.analysis.report.kpis.Kpis` and after it the figures of `beside`; every table of every
        part, called `<part>_<table>`.

    Raises:
        InputError: No part has anything to say; a column, an object or a goal that was asked for is not there.
        UsageError: A card is asked for on a page that names nobody.
    """
    if params.customer and params.audience == "board":
        raise UsageError("report_board_card")
    if params.goals is not None:
        read_goals(params.goals)
    results, refused = computed(have, params)
    sold: Sold | None = results.pop("sold", None)
    if not results:
        for _, why in refused:
            if why.id == "error.mixed_currencies":
                raise InputError("mixed_currencies", **why.values)
        reasons = "; ".join(dict.fromkeys(str(why) for _, why in refused))
        raise InputError("report_nothing", tables=listed(sorted(have.tables)) or "-", reasons=reasons or "-")
    results["health"] = _health(have, params, sold.figures if sold else {})
    results |= _asked(have, params, sold)
    figures = {"as_of": _today(params, results, sold), **_of_sold(sold), **_figures(results)}
    if params.goals is not None:
        results["scorecard"] = _scorecard(params.goals, figures, results)
        figures |= results["scorecard"].figures
    results |= _decided(have, params, results, figures["as_of"])
    figures |= {
        f"decisions.{name}": value for name, value in results["decisions"].figures.items() if name != "currency"
    }
    told = (note for name in ("scorecard", "health") if name in results for note in results[name].notes)
    return ReportResult(
        params=params,
        tables=_tables(results),
        summary=figures,
        notes=tuple(told),
        results=results,
        sources=frozenset(have.tables),
        refused=refused,
        withheld=results["health"].withheld,
        currency=_currency(results, sold),
    )


def _health(have: Gathered, params: ReportParams, sold: Mapping[str, Scalar]) -> Health:
    from acrm.analysis.doctor import diagnose
    from acrm.analysis.report.health import health

    card = diagnose(have.tables, have.identities).tables["scorecard"]
    return health(have.tables, sold, scorecard=card, rejects=have.rejects, rows_in=have.rows_in, as_of=params.as_of)


def _asked(have: Gathered, params: ReportParams, sold: Sold | None) -> dict[str, Any]:
    """What is not in every report: it was asked for, and what is wrong with it stops the run."""
    from acrm.analysis.report.cut import cut
    from acrm.analysis.report.objects import objects
    from acrm.analysis.report.pivot import pivot

    found: dict[str, Any] = {}
    wanted = [name for name in ("by", "object", "pivot") if getattr(params, name)]
    if wanted and "transactions" not in have.tables:
        raise InputError("report_no_orders", options=", ".join(f"--{name}" for name in wanted))
    if params.by and sold:
        found["cut"] = cut(replace(sold, by=params.by), params.period)
    if params.object:
        found["object"] = objects(have.tables, params.object, as_of=params.as_of, sold=sold)
    if params.pivot:
        found["pivot"] = pivot(have.tables, replace(params.pivot, as_of=params.as_of, zone=params.zone))
    return found


def _decided(have: Gathered, params: ReportParams, results: Mapping[str, Any], today: Scalar) -> dict[str, Any]:
    """What to do, what may be won, and the card of one customer where it was asked for."""
    from acrm.analysis.report.card import card
    from acrm.analysis.report.decided_before import decided_before
    from acrm.analysis.report.decisions import decisions
    from acrm.analysis.report.opportunities import opportunities

    before = decided_before(have.tables, today) if isinstance(today, date) else None
    found: dict[str, Any] = {"decisions": decisions(results, goals=results.get("scorecard"), before=before)}
    won = opportunities(results)
    if won is not None:
        found["opportunities"] = won
    if params.customer is not None:
        found["card"] = card(params.customer, have.tables, results, as_of=params.as_of)
    return found


def _scorecard(document: Mapping[str, Any], figures: Mapping[str, Scalar], results: Mapping[str, Any]) -> Scorecard:
    """The goals; one that names a figure of no part there is, or could be, is a slip of the pen."""
    silent = [name for name in PARTS if name not in results]
    named = [goal.figure for goal in read_goals(document)]
    could = [name for name in named if name.partition(".")[0] in silent]
    could += [one.name for one in MEASURES if one.name in named]
    goals = read_goals(document, [*figures, *could])
    kpis = results["kpis"].kpis if "kpis" in results else None
    before = {} if kpis is None else dict(kpis.select("measure", "before").rows())
    return scorecard(goals, figures, before)


def _today(params: ReportParams, results: Mapping[str, Any], sold: Sold | None) -> date | None:
    if sold:
        return sold.as_of
    days = (figures_of(part).get("as_of") for part in results.values())
    return params.as_of or max((day for day in days if isinstance(day, date)), default=None)


def _currency(results: Mapping[str, Any], sold: Sold | None) -> str | None:
    found: Any = sold.figures["currency"] if sold else None
    told = (figures_of(part).get("currency") for part in results.values())
    return found or next((str(one) for one in told if one), None)


def _of_sold(sold: Sold | None) -> dict[str, Scalar]:
    return {name: value for name, value in sold.figures.items() if name != "as_of"} if sold else {}


def _tables(results: Mapping[str, Any]) -> dict[str, pl.DataFrame]:
    """The table of the figures first, then those of all parts."""
    import polars as pl

    rows = pl.DataFrame(list(beside(results)), schema=schema())
    found = {"kpis": pl.concat([results["kpis"].kpis, rows]) if "kpis" in results else rows}
    for part, result in results.items():
        for name, table in tables_of(result).items():
            called = part if name in ("table", part) else f"{part}_{name}"
            found.setdefault(called, table)
    return found


def _figures(results: Mapping[str, Any]) -> dict[str, Scalar]:
    """The figures of all parts, each with the name of its part in front."""
    found: dict[str, Scalar] = {}
    for part, result in results.items():
        for name, value in figures_of(result).items():
            if part in PLAIN:
                found[name] = value
            elif name not in _SAME and not name.startswith("lines"):
                found[f"{part}.{name}"] = value
    return found
