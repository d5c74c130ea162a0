"""What a set of tables holds, how good it is, what is worst about it, and what it can be used for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from acrm.analysis.clean import overview
from acrm.analysis.readiness import figures, readiness
from acrm.analysis.result import Result
from acrm.analysis.scorecard import problems, scorecard

if TYPE_CHECKING:
    import polars as pl


def diagnose(
    tables: Mapping[str, pl.LazyFrame],
    identities: pl.LazyFrame | None = None,
    changes: Iterable[Mapping[str, Any]] = (),
) -> Result:
    """Examine canonical tables.

    Args:
        tables: The tables; those that fit none of ours are counted only.
        identities: See `scorecard`.
        changes: Rows of `scorecard.changes`, of the run that made the tables.

    Returns:
        Tables `readiness`, `tables` (rows and period of each), `scorecard`, `problems` (table, field, problem, rows,
        share of the table's rows; worst first) and `changes`; the counts of readiness as summary.
    """
    import polars as pl

    from acrm.validity import newest_day

    filled = {}
    for name, frame in tables.items():
        counts = frame.select(pl.len().alias(""), pl.exclude("_source_file", "_source_row", "_flags").count()).collect()
        filled[name] = {column: int(count) for column, count in counts.row(0, named=True).items()}
    counted = figures(tables, filled)
    card = scorecard(tables, filled, identities, newest_day(tables))
    moved = {"table": pl.String, "field": pl.String, "measure": pl.String, "before": pl.Float64, "now": pl.Float64}
    return Result(
        params=None,
        tables={
            "readiness": readiness(filled, counted),
            "tables": overview(tables, filled),
            "scorecard": card,
            "problems": problems(card),
            "changes": pl.DataFrame(list(changes), schema=moved),
        },
        summary={**counted, **{f"{name}_rows": filled[name][""] for name in sorted(filled)}},
    )
