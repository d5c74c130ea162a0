"""What is asked of a report, what it is made of, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from acrm.analysis.report.periods import Period
from acrm.analysis.result import Result
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.report.objects import Kind
    from acrm.analysis.report.pivot import PivotParams

Audience = Literal["all", "board", "sales", "marketing", "service"]


@dataclass(frozen=True, kw_only=True)
class ReportParams:
    """What the report is about.

    Attributes:
        as_of: Today. None: the day after the last event.
        by: Columns that cut the figures, see `acrm.analysis.report.columns.with_columns`; `segment` is that of RFM.
        period: What time is cut into.
        object: Whose figures are listed, besides those of the whole; None: nobody's.
        audience: Who reads it: the figures are the same, their choice and order are not.
        customer: Whose card is asked for: an id, or an e-mail address, phone or name that is one customer's.
        pivot: A table of anything by anything.
        goals: A document of goals, see `acrm.analysis.report.goals.read_goals`.
        seed: Start of every random choice.
        zone: Time zone of hours.
    """

    as_of: date | None = None
    by: tuple[str, ...] = ()
    period: Period = "month"
    object: Kind | None = None
    audience: Audience = "all"
    customer: str | None = None
    pivot: PivotParams | None = None
    goals: Mapping[str, Any] | None = None
    seed: int = 0
    zone: str | None = None


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """Everything that the sources tell, read once.

    Attributes:
        tables: Canonical tables, in one currency.
        rejects: What was rejected on reading: `rule`, `table`.
        rows_in: Rows of all sources.
        identities: As `acrm.analysis.doctor.diagnose` takes them.
        earlier: Results of earlier runs among the sources, by command.
    """

    tables: Mapping[str, pl.LazyFrame]
    rejects: pl.DataFrame | None = None
    rows_in: int = 0
    identities: pl.LazyFrame | None = None
    earlier: Mapping[str, Result] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ReportResult(Result):
    """Table `kpis`, and after it those of every part, called after it.

    Attributes:
        results: What each part found, by name: a `Result`, or one of the dataclasses of `acrm.analysis.report`.
        sources: Tables that were there.
        refused: Parts that found nothing to say, and why.
        withheld: Figures and parts whose charts may not be shown, see `acrm.analysis.report.health`.
        currency: Of all money; None: not told.
    """

    params: ReportParams
    results: Mapping[str, Any]
    sources: frozenset[str] = frozenset()
    refused: tuple[tuple[str, Message], ...] = ()
    withheld: frozenset[str] = frozenset()
    currency: str | None = None
