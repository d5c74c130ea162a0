"""What could be done about open deals, about channels, about service, and about the data themselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from acrm.analysis.report.proposal import Candidate, Proposal, distinct, fixed, money, some, words
from acrm.messages import text

if TYPE_CHECKING:
    import polars as pl

TOP, HALF = 20, 0.5
"""Deals that are called first: the fewest that hold half of what all are expected to bring, at most so many."""
MOVED = 0.1
"""Share of a channel's spend that is moved: what one more unit brings holds near today's spend alone."""
UNRECORDED = 0.1
"""Share of leads without a channel from which on recording it is a decision of its own."""
WRONG = 0.01
"""Share of impossible times above which they are to be repaired."""


def of_funnel(result: Any) -> Iterator[Candidate]:
    """Deals that wait for a next step or an answer, that are older than deals grow, and those with most in them."""
    import polars as pl

    deals, figures = result.tables["open"], result.summary
    overdue = deals.drop_nulls("overdue_days")
    if overdue.height:
        yield partial(_deals, result, "overdue", overdue)
    usual = figures.get("long_enough_days")
    if usual is not None:
        yield partial(_deals, result, "stale", deals.filter(pl.col("age_days") > usual))
    answers = result.tables.get("answers")
    if answers is not None:
        waiting = answers.filter(~pl.col("answered"), pl.col("status") == "open").select("deal_id", "hours")
        yield partial(_deals, result, "answer", deals.join(waiting, on="deal_id"))
    yield partial(_deals, result, "first_deals", _top(deals))


def _top(deals: pl.DataFrame) -> pl.DataFrame:
    """The fewest deals that hold half of what all are expected to bring; none where that is most of them."""
    import polars as pl

    known = deals.filter(pl.col("expected_amount") > 0).sort("expected_amount", "deal_id", descending=[True, False])
    before = pl.col("expected_amount").cum_sum() - pl.col("expected_amount")
    top = known.filter(before < HALF * float(known["expected_amount"].sum())).head(TOP)
    return top if top.height <= known.height / 2 else top.clear()


def _deals(result: Any, kind: str, all_of_them: pl.DataFrame, taken: pl.Series) -> Proposal | None:
    import polars as pl

    rows = all_of_them.filter(~pl.col("deal_id").is_in(taken.implode()))
    if rows.is_empty():
        return None
    figures, deals = result.summary, result.tables["open"]
    worth, whole = (part["expected_amount"].drop_nulls() for part in (rows, deals))
    stake = float(worth.sum()) if worth.len() else None
    owners = rows["owner"].drop_nulls().unique().sort()
    late: Any = rows["overdue_days"].median()
    longest: Any = rows["hours"].max() if "hours" in rows.columns else 0.0
    values = {
        "n": rows.height,
        "of": deals.height,
        "stake": money(stake, figures.get("currency")),
        "share": (stake or 0.0) / float(whole.sum()) if whole.len() and float(whole.sum()) > 0 else 0.0,
        "day": figures["as_of"] + timedelta(days=int(figures.get("p_win_days") or 30)),
        "trial": _trial(figures),
        "days": int(late or 0),
        "usual": int(figures.get("long_enough_days") or 0),
        "sla": result.params.sla,
        "longest": float(longest) / 24,
    }
    return Proposal(
        **words("funnel", kind, values, reason="reason" if stake is None else "reason_worth"),
        key=kind,
        of="deal",
        ids=distinct(rows["deal_id"]),
        n=rows.height,
        stake=stake,
        owner=some(owners.to_list(), 2) if owners.len() else None,
    )


def _trial(figures: Any) -> str:
    """How the chances did when they were tried."""
    gain = figures.get("trial_gain_low")
    return text(f"report_decisions.trial_{'none' if gain is None else 'better' if gain > 0 else 'no_better'}")


def of_channels(result: Any) -> Iterator[Candidate]:
    """Where the next unit of spend brings surely more than elsewhere, or not surely anything; what is not recorded."""
    if "marginal" in result.tables:
        yield from fixed(_spend(result))
    figures = result.summary
    share = figures.get("not_recorded_share") or 0.0
    if figures.get("column") is not None and share >= UNRECORDED:
        values = {
            "n": figures["not_recorded"],
            "share": share,
            "of": text(f"channels.of.{figures['of']}"),
            "all": figures["units"],
        }
        none = distinct(result.tables["channels"]["channel"].head(0))
        proposal = Proposal(
            **words("channels", "record", values),
            key="record",
            of="row",
            ids=none,
            n=int(figures["not_recorded"]),
        )
        yield from fixed(proposal)


def _spend(result: Any) -> Proposal | None:
    """Money moved from the channel where one more unit brings least to the one where it brings most, if surely more."""
    import polars as pl

    told = result.tables["marginal"].drop_nulls("marginal")
    for outcome in ("revenue", "won", *told["outcome"].unique().sort()):
        rows = told.filter(outcome=outcome).sort("marginal_low", "channel", descending=[True, False])
        if rows.height < 2:
            continue
        best = rows.row(0, named=True)
        worst = rows.sort("marginal_high", "channel").row(0, named=True)
        if best["marginal_low"] > worst["marginal_high"]:
            return _moved(result, outcome, best, worst)
    idle = told.filter(pl.col("verdict") == "nothing").sort("spend", "channel", descending=[True, False])
    if idle.is_empty():
        return None
    row = idle.row(0, named=True)
    values = _margins(result, row["outcome"], row) | {"channel": row["channel"], "periods": row["periods"]}
    return Proposal(
        **words("channels", "pause", values),
        key=f"pause {row['channel']}",
        of="channel",
        ids=distinct(pl.Series([row["channel"]], dtype=pl.String)),
        n=1,
        stake=MOVED * row["spend"],
    )


def _margins(result: Any, outcome: str, row: dict[str, Any]) -> dict[str, object]:
    """What one more unit of spend brings, in units that can be read: of a thousand where it is not money."""
    unit = 1 if outcome == "revenue" else 1000
    currency = result.summary.get("spend_currency") or result.summary.get("currency")
    return {
        "outcome": text(f"channels.one.{outcome}"),
        "unit": money(unit, currency),
        "more": row["marginal"] * unit,
        "low": row["marginal_low"] * unit,
        "high": row["marginal_high"] * unit,
        "tenth": MOVED,
        "spend": money(MOVED * row["spend"], currency),
    }


def _moved(result: Any, outcome: str, best: dict[str, Any], worst: dict[str, Any]) -> Proposal:
    import polars as pl

    amount = MOVED * worst["spend"]
    to, of = _margins(result, outcome, best), _margins(result, outcome, worst)
    values = {**of, **{f"to_{name}": value for name, value in to.items()}}
    values |= {"best": best["channel"], "worst": worst["channel"], "periods": worst["periods"]}
    in_money = outcome == "revenue"
    gain = amount * (best["marginal"] - worst["marginal"])
    return Proposal(
        **words("channels", "move", values),
        key=f"move {worst['channel']} {best['channel']}",
        of="channel",
        ids=distinct(pl.Series([best["channel"], worst["channel"]], dtype=pl.String)),
        n=2,
        basis="measured" if in_money else "not_separable",
        effect=gain if in_money else None,
        # Both ends at their worst, or best, together: wider than need be.
        low=amount * (best["marginal_low"] - worst["marginal_high"]) if in_money else None,
        high=amount * (best["marginal_high"] - worst["marginal_low"]) if in_money else None,
        stake=None if in_money else amount,
    )


def of_service(result: Any) -> Iterator[Candidate]:
    """Times that cannot be, and promises that are broken."""
    import polars as pl

    none = distinct(pl.Series([], dtype=pl.String))
    for row in result.defects.filter(pl.col("share") > WRONG).iter_rows(named=True):
        values = {**row, "n": row["rows"], "what": text(f"report.defect.{row['defect']}")}
        said = words("service", "repair_times", values)
        yield from fixed(Proposal(**said, key=row["defect"], of="row", ids=none, n=row["rows"]))
    for row in result.breaches.filter(pl.col("cut") == "all", pl.col("late") > 0).iter_rows(named=True):
        values = {**row, "of": row["n"], "n": row["late"], "what": text(f"report_decisions.measure.{row['measure']}")}
        said = words("service", "keep_promise", values)
        yield from fixed(Proposal(**said, key=row["measure"], of="row", ids=none, n=row["late"]))


def of_health(result: Any) -> Iterator[Candidate]:
    """Gates that failed: everything else rests on them."""
    import polars as pl

    none = distinct(pl.Series([], dtype=pl.String))
    for row in result.table.filter(verdict="fail").iter_rows(named=True):
        days = row["unit"] == "days"
        values = {**row, "n": row["rows"] or 0, "what": text(f"report.gate.{row['gate']}"), "days": int(row["value"])}
        said = words("health", "repair_days" if days else "repair", values)
        proposal = Proposal(
            **said,
            key=row["gate"],
            of="row",
            ids=none,
            n=row["rows"] or 0,
            first=True,
        )
        yield from fixed(proposal)
