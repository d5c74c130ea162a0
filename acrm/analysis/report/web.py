"""What visitors of a site do: sessions, how many end in an order, and where the others leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acrm.analysis.holdout import wilson
from acrm.analysis.result import Scalar
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

GAP = 30
"""Minutes without a visit after which the next one begins a session."""
SMALL = 30
_OUTCOMES = ("converted", "conversion", "purchased", "purchase", "revenue", "transaction")
"""What a table of sessions calls whether one ended in an order."""
_CUTS = ("visitor", "month", "weekend", "region", "traffic", "source", "channel", "medium", "device", "campaign")
"""Words in the names of the columns that a table of sessions is cut by."""
_YES, _NO = ("true", "1", "yes", "да", "истина"), ("false", "0", "no", "нет", "ложь")
_MOST = 20
"""Values that a column may have to be a cut."""


@dataclass(frozen=True, kw_only=True)
class Web:
    """Sessions.

    Attributes:
        conversion: By `cut` (all first) and its `value`: `sessions`, `converted`, `share`, `low`, `high` (Wilson,
            95%), `small`. Of visits the cuts are `visitor` (new, returning), `source` and `medium`.
        pages: The most seen first: `page`, `sessions`, `share` of all, `converted`, `converted_share`, `exits`
            (sessions that ended on it without an order), `exit_share` of its sessions; empty of tables of sessions.
        figures: `sessions`, `converted`, `conversion` and its n (sessions of visitors who are known), `visitors`.
        notes: What the reader should know.
    """

    conversion: pl.DataFrame
    pages: pl.DataFrame
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def web(tables: Mapping[str, pl.LazyFrame], *, gap: int = GAP) -> Web | None:
    """Count sessions and what comes of them, from visits of known times or from a table that has a row per session.

    Visits less than `gap` minutes after the visitor's last belong to one session; those of nobody known are a session
    each. A session is converted when the visitor orders between its start and `gap` minutes after its last visit, or on
    its day where orders have no times.

    Args:
        tables: Canonical tables: `interactions` with web visits, or an `other_...` with a yes or no for each session.
        gap: Minutes.

    Returns:
        None where neither is there.
    """
    import polars as pl

    visits = tables.get("interactions")
    if visits is not None:
        seen = visits.filter(pl.col("kind") == "web_visit", pl.col("started_at").is_not_null())
        rows = seen.collect(engine="streaming")
        if rows.height:
            return _of_visits(rows, tables.get("transactions"), gap)
    for name in sorted(tables):
        if name.startswith("other_"):
            found = _of_sessions(tables[name])
            if found is not None:
                return found
    return None


def _of_sessions(table: pl.LazyFrame) -> Web | None:
    import polars as pl

    names = table.collect_schema().names()
    outcome = next((name for name in _OUTCOMES if name in names), None)
    if outcome is None:
        return None
    word = pl.col(outcome).cast(pl.String).str.strip_chars().str.to_lowercase()
    said = pl.when(word.is_in(_YES)).then(True).when(word.is_in(_NO)).then(False)  # polars' own
    rows = table.with_columns(converted=said).collect()
    if not rows.height or rows["converted"].null_count():
        return None
    apt = [name for name in names if name[0] != "_" and any(part in name for part in _CUTS)]
    cuts = [name for name in apt if rows[name].n_unique() <= _MOST]
    conversion = _conversion(rows.select("converted", *cuts), cuts)
    return Web(
        conversion=conversion,
        pages=pl.DataFrame(schema=_page_schema()),
        figures=_figures(conversion),
        notes=(Message("report.web_sessions", {"column": outcome, "n": rows.height}),),
    )


def _of_visits(rows: pl.DataFrame, lines: pl.LazyFrame | None, gap: int) -> Web:
    import polars as pl

    sessions, pages = _sessions(rows, gap)
    notes = []
    unknown = int(sessions["customer_id"].is_null().sum())
    if unknown:
        notes.append(Message("report.web_unknown", {"n": unknown, "share": unknown / sessions.height}))
    if lines is None:
        notes.append(Message("report.web_no_orders"))
    told = _converted(sessions, lines, gap)
    known = told.filter(pl.col("customer_id").is_not_null()) if lines is not None else told
    cuts = [name for name in ("visitor", "source", "medium") if name in told.columns]
    conversion = _conversion(known.select("converted", *cuts), cuts)
    figures = _figures(conversion) if lines is not None else {}
    figures |= {"sessions": sessions.height, "visitors": sessions["customer_id"].drop_nulls().n_unique()}
    return Web(conversion=conversion, pages=_pages(pages, told), figures=figures, notes=tuple(notes))


def _sessions(rows: pl.DataFrame, gap: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row per session, and its pages in order."""
    import polars as pl

    names = [name for name in ("source", "medium") if name in rows.columns]
    page = pl.col("page") if "page" in rows.columns else pl.lit(None, pl.String)
    who = pl.col("customer_id") if "customer_id" in rows.columns else pl.lit(None, pl.String)
    visits = rows.select("started_at", *names, page=page, customer_id=who).sort(
        "customer_id", "started_at", "page", nulls_last=True
    )
    same = (pl.col("customer_id") == pl.col("customer_id").shift()).fill_null(False)
    near = (pl.col("started_at") - pl.col("started_at").shift()).dt.total_seconds() < gap * 60
    visits = visits.with_columns(session=(~(same & near).fill_null(False)).cast(pl.Int64).cum_sum())
    # A visitor's first session is new, as far as the data go back.
    sessions = visits.group_by("session", maintain_order=True).agg(
        pl.col("customer_id").first(),
        pl.col("started_at").first(),
        pl.col("started_at").last().alias("last_at"),
        *(pl.col(name).first() for name in names),
    )
    first = pl.col("session") == pl.col("session").min().over("customer_id")
    named = pl.when(first).then(pl.lit("new")).otherwise(pl.lit("returning"))
    visitor = pl.when(pl.col("customer_id").is_not_null()).then(named)
    return sessions.with_columns(visitor=visitor), visits.select("session", "page").drop_nulls()


def _converted(sessions: pl.DataFrame, lines: pl.LazyFrame | None, gap: int) -> pl.DataFrame:
    """The sessions with whether an order followed."""
    import polars as pl

    if lines is None:
        return sessions.with_columns(converted=pl.lit(False))
    names = lines.collect_schema().names()
    sold = lines.filter(pl.col("line_amount") > 0, pl.col("customer_id").is_not_null())
    moment = pl.col("ordered_at") if "ordered_at" in names else pl.col("ordered_on").cast(pl.Datetime("us", "UTC"))
    orders = (
        sold.group_by("customer_id", "order_id").agg(moment.min().alias("at"), pl.col("ordered_on").min()).collect()
    )
    timed = bool((orders["at"].dt.hour() != 0).any()) if orders.height else False
    both = sessions.join(orders, on="customer_id")
    within = (pl.col("at") >= pl.col("started_at")) & (pl.col("at") <= pl.col("last_at").dt.offset_by(f"{gap}m"))
    hit = both.filter(within if timed else pl.col("ordered_on") == pl.col("started_at").dt.date())
    done = hit.select("session").unique().with_columns(converted=pl.lit(True))
    return sessions.join(done, on="session", how="left", maintain_order="left").with_columns(
        pl.col("converted").fill_null(False)
    )


def _pages(pages: pl.DataFrame, sessions: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    total = sessions.height
    last = pages.group_by("session", maintain_order=True).last()
    outcome = sessions.select("session", "converted")
    seen = pages.unique().join(outcome, on="session")
    left = last.join(outcome, on="session").filter(~pl.col("converted")).group_by("page").len("exits")
    counts = seen.group_by("page").agg(
        pl.len().cast(pl.Int64).alias("sessions"), pl.col("converted").sum().cast(pl.Int64)
    )
    joined = counts.join(left, on="page", how="left").with_columns(pl.col("exits").fill_null(0).cast(pl.Int64))
    made = joined.with_columns(
        share=pl.col("sessions") / total,
        converted_share=pl.col("converted") / pl.col("sessions"),
        exit_share=pl.col("exits") / pl.col("sessions"),
    )
    return made.select(*_page_schema()).sort("sessions", "page", descending=[True, False])


def _page_schema() -> dict[str, Any]:
    import polars as pl

    return {
        "page": pl.String,
        "sessions": pl.Int64,
        "share": pl.Float64,
        "converted": pl.Int64,
        "converted_share": pl.Float64,
        "exits": pl.Int64,
        "exit_share": pl.Float64,
    }


def _conversion(rows: pl.DataFrame, cuts: Sequence[str]) -> pl.DataFrame:
    import polars as pl

    def counted() -> Iterator[dict[str, Any]]:
        yield {"cut": "all", "value": None, **_share(rows)}
        for name in cuts:
            for value in rows[name].drop_nulls().unique().sort().to_list():
                yield {"cut": name, "value": str(value), **_share(rows.filter(pl.col(name) == value))}

    texts = {"cut": pl.String, "value": pl.String}
    counts = dict.fromkeys(("sessions", "converted"), pl.Int64)
    shares = dict.fromkeys(("share", "low", "high"), pl.Float64)
    return pl.DataFrame(list(counted()), schema={**texts, **counts, **shares, "small": pl.Boolean})


def _share(rows: pl.DataFrame) -> dict[str, Any]:
    n, done = rows.height, int(rows["converted"].sum())
    low, high = wilson(done, n)
    share = done / n if n else None
    return {"sessions": n, "converted": done, "share": share, "low": low, "high": high, "small": n < SMALL}


def _figures(conversion: pl.DataFrame) -> dict[str, Scalar]:
    whole = conversion.row(0, named=True)
    counts = {"sessions": whole["sessions"], "converted": whole["converted"]}
    return {**counts, "conversion": whole["share"], "conversion_n": whole["sessions"]}
