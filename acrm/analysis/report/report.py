"""Everything that the sources tell, in one result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from acrm.analysis.report.params import Gathered, ReportParams, ReportResult
from acrm.analysis.report.parts import computed, figures_of, tables_of
from acrm.analysis.result import Scalar
from acrm.errors import InputError
from acrm.messages import Message, listed

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.report.health import Health

PLAIN = ("kpis", "cohorts", "trend", "health", "scorecard")
"""Parts whose figures have no name in front."""
UNTOLD = ("sold",)
"""What parts are made from is no part."""


def report(have: Gathered, params: ReportParams) -> ReportResult:
    """Run every analysis whose tables exist, hold the data against the gates, and bring the answers together.

    An analysis that cannot answer is listed with its reason; only what was asked for by name stops the run.

    Args:
        have: Everything that the sources tell.
        params: See `ReportParams`.

    Returns:
        Table `kpis`, see `acrm.analysis.report.kpis`; every table of every part, called `<part>_<table>`.

    Raises:
        InputError: No part has anything to say; a column, an object or a goal that was asked for is not there.
    """
    results, refused = computed(have, params)
    sold = results.pop("sold", None)
    if not results:
        reasons = "; ".join(dict.fromkeys(str(why) for _, why in refused))
        raise InputError("report_nothing", tables=listed(sorted(have.tables)), reasons=reasons or "-")
    results["health"] = _health(have, params, sold.figures if sold else {})
    currency: Any = sold.figures["currency"] if sold else None
    return ReportResult(
        params=params,
        tables=_tables(results),
        summary={"as_of": sold.as_of if sold else params.as_of, **_figures(results)},
        notes=results["health"].notes,
        results=results,
        refused=refused,
        withheld=results["health"].withheld,
        currency=currency,
    )


def _health(have: Gathered, params: ReportParams, sold: Mapping[str, Scalar]) -> Health:
    from acrm.analysis.doctor import diagnose
    from acrm.analysis.report.health import health

    card = diagnose(have.tables, have.identities).tables["scorecard"]
    return health(have.tables, sold, scorecard=card, rejects=have.rejects, rows_in=have.rows_in, as_of=params.as_of)


def _tables(results: Mapping[str, Any]) -> dict[str, pl.DataFrame]:
    """The table of the figures first, then those of all parts."""
    import polars as pl

    from acrm.analysis.report.kpis import _schema

    found = {"kpis": results["kpis"].kpis if "kpis" in results else pl.DataFrame(schema=_schema())}
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
            found[name if part in PLAIN else f"{part}.{name}"] = value
    return found
