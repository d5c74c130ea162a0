"""The section of churn: who is at risk and why, how far that can be trusted, whom it pays to contact, who stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from acrm.analysis.segment.naming import readable
from acrm.messages import text
from acrm.render.blocks import Block, Chart, Col, Grid, Headline, Section
from acrm.render.churn import learned, top_grid
from acrm.render.churn_stays import by_block
from acrm.render.churn_windows import windows_block
from acrm.render.pictures import Axis, Bars, Calibration, Point, Row, Stack, Survival
from acrm.render.report.told import amount, between, labelled, notes, to_do

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.churn.churn import ChurnResult

BANDS = ("high", "medium", "low")
_NOTES = (
    *("churn_model.too_", "churn_economics.no_value", "churn_economics.assumed_contact"),
    *("churn_transactional.proposed", "churn_label.found"),
)
REASONS = 6
GROUPS = 5
YEAR = 12
"""Periods after which groups are compared."""


def churn_section(result: ChurnResult, *, personal: bool = True) -> Section | None:
    """Risk bands, first reasons, what was foretold and what came, the profit of contacts, who stays, what to do."""
    import polars as pl

    figures: dict[str, Any] = dict(result.summary)
    customers = result.tables["customers"].filter(~pl.col("customer_id").is_in(list(result.shown.get("gone", ()))))
    if customers.is_empty():
        return None
    blocks: list[Block] = [_headline(result, _verdict(result)), _bands(customers, figures), *_why(result, customers)]
    blocks += [*_reliability(result), *_profit(result, figures)]
    if "retention" in result.shown:
        blocks += _stays(result.shown["retention"].tables)
    if "by" in result.tables:
        blocks.append(by_block(result.tables["by"], figures.get("currency")))
    blocks.append(_actions(customers, figures))
    if personal:
        blocks.append(top_grid(result, figures.get("currency")))
        if "windows" in result.shown:
            blocks.append(windows_block(result.shown["windows"]))
    blocks += [_do(result, customers, figures), notes(result.notes, *_NOTES)]
    return Section("churn", _word("title"), blocks)


def _word(key: str, **values: object) -> str:
    return text(f"report_churn.{key}", **values)


def _verdict(result: ChurnResult) -> str:
    """The worst that is said of the model beside a simple rule."""
    for verdict in ("worse", "alike", "better"):
        for note in result.notes:
            if note.id == f"churn_model.verdict.{verdict}":
                return str(note)
    return ""


def _headline(result: ChurnResult, verdict: str) -> Headline:
    figures: dict[str, Any] = dict(result.summary)
    values = {"high": figures["high_risk_customers"], "customers": figures["here"], "share": figures["at_risk_share"]}
    answer = _word("headline", **values)
    if figures.get("expected_loss"):
        answer += _word("headline_loss", loss=amount(figures["expected_loss"], figures.get("currency")))
    return Headline(answer, "; ".join(part for part in (learned(result), verdict) if part))


def _band(band: str) -> str:
    return text(f"churn_watch.band.{band}")


def _bands(customers: pl.DataFrame, figures: dict[str, Any]) -> Chart:
    """Customers by band of risk, and where values are known the expected loss."""
    import polars as pl

    some = [customers.filter(pl.col("risk_band") == band) for band in BANDS]
    rows = [(_word("customers"), [float(band.height) for band in some])]
    losses = [float(band["expected_loss"].sum() or 0) for band in some]
    if sum(losses) > 0:
        rows.append((_word("loss"), losses))
    said = {"high": some[0].height / customers.height, "medium": some[1].height / customers.height}
    parts = [_word("risk", band=_band(band)) for band in BANDS]
    axis = Axis(labelled(_word("amount"), figures.get("currency")))
    title, told = _word("bands", **said), _word("bands_told", **said, customers=customers.height)
    return Chart(title, told, Stack(parts, rows, axis), customers.height)


def _why(result: ChurnResult, customers: pl.DataFrame) -> Iterator[Chart]:
    """What is the first reason of how many of those at medium or high risk."""
    import polars as pl

    reasons = result.tables["reasons"]
    risky = customers.filter(pl.col("risk_band") != "low").select("customer_id")
    if "feature_1" not in reasons.columns or risky.is_empty():
        return
    first = reasons.join(risky, on="customer_id", how="semi")["feature_1"].drop_nulls()
    counts = first.value_counts().sort("count", "feature_1", descending=[True, False]).head(REASONS)
    if counts.is_empty():
        return
    rows = [Row(readable(feature), n / risky.height, n=n) for feature, n in counts.iter_rows()]
    said = {"reason": rows[0].name, "share": rows[0].value}
    title, told = _word("why", **said), _word("why_told", **said)
    yield Chart(title, told, Bars(Axis(_word("of_risky"), "share"), rows), risky.height, _word("why_note"))


def _reliability(result: ChurnResult) -> Iterator[Chart]:
    """What was foretold of each tenth of the customers, and the share of them who left."""
    table = result.tables.get("reliability")
    if table is None or table.is_empty():
        return
    names = ("foretold", "left", "left_low", "left_high", "customers")
    points = [Point(foretold, left, low, high, n) for foretold, left, low, high, n in table.select(names).iter_rows()]
    n = int(table["customers"].sum())
    said = {name: float((table[name] * table["customers"]).sum()) / n for name in ("foretold", "left")}
    x, y = Axis(_word("foretold"), "share"), Axis(_word("left"), "share")
    title, told = _word("reliability", **said), _word("reliability_told", **said)
    yield Chart(title, told, Calibration(x, y, points), n, _word("reliability_note"))


def _profit(result: ChurnResult, figures: dict[str, Any]) -> Iterator[Chart]:
    """The expected profit by how many are contacted, the likeliest to leave first; nothing where values are assumed."""
    table, found = result.economics.tables["profit_curve"], dict(result.economics.figures)
    if table.is_empty() or not found.get("value_known"):
        return
    currency = figures.get("currency")
    best = table.filter("best").row(0, named=True) if table["best"].any() else None
    rows, steps = [], 0
    for row in table.iter_rows(named=True):
        steps += not row["best"]
        if row["best"] or steps % 4 == 0:
            name = _word("best" if row["best"] else "contacted", share=row["share"])
            rows.append(Row(name, row["profit"], row["low"], row["high"], row["customers"]))
    title = _word("profit")
    if best is not None:
        limits = between(best["low"], best["high"], ",.0f")
        title = _word("profit_best", share=best["share"], profit=amount(best["profit"], currency), limits=limits)
    terms = {name: found[name] for name in ("contact_cost", "incentive", "success")}
    axis = Axis(labelled(_word("expected_profit"), currency), "money")
    yield Chart(title, _word("profit_told"), Bars(axis, rows), result.summary["here"], _word("profit_note", **terms))  # type: ignore[arg-type]


def _stays(tables: dict[str, pl.DataFrame]) -> Iterator[Chart]:
    """Who is still there after how long, by group, the greatest groups."""
    import polars as pl

    groups, curves = tables["groups"], tables["survival"].drop_nulls("survival")
    if curves.is_empty():
        return
    unit = text(f"render.churn_stays.period.{groups['period'][0]}")
    shown, at = [], {}
    for group, n in groups.sort("customers", descending=True).head(GROUPS).select("group", "customers").iter_rows():
        curve = curves.filter(pl.col("group") == group)
        columns = ("period", "survival", "survival_low", "survival_high", "at_risk")
        points = [Point(0, 1.0, 1.0, 1.0, n)]
        points += [
            Point(time, share, low, high, round(left))
            for time, share, low, high, left in curve.select(columns).iter_rows()
            if time
        ]
        shown.append((group, points))
        at[group] = dict(curve.select("period", "survival").iter_rows())
    when = min(YEAR, *(max(times) for times in at.values()))
    there = {group: times.get(when) for group, times in at.items()}
    known = {group: share for group, share in there.items() if share is not None}
    title = _word("stays")
    if len(known) > 1:
        ends = {"most": max(known, key=lambda one: known[one]), "least": min(known, key=lambda one: known[one])}
        shares = {f"{end}_share": known[group] for end, group in ends.items()}
        title = _word("stays_differ", **ends, **shares, when=when, period=unit)
    elif known:
        title = _word("stays_one", share=next(iter(known.values())), when=when, period=unit)
    picture = Survival(Axis(_word("since", period=unit), "int"), shown, Axis(_word("there"), "share"))
    yield Chart(title, _word("stays_told"), picture, int(groups["customers"].sum()), _word("stays_note"))


def _actions(customers: pl.DataFrame, figures: dict[str, Any]) -> Grid:
    """How many customers want which action, and what their leaving would cost."""
    import polars as pl

    valued = customers["expected_loss"].count() > 0
    table = (
        customers.group_by("action")
        .agg(pl.len().cast(pl.Int64).alias("n"), pl.col("churn_probability").mean(), pl.col("expected_loss").sum())
        .with_columns(pl.col("churn_probability").round(6), pl.col("expected_loss").round(0))
        .sort("churn_probability", "action", descending=[True, False])
    )
    columns = [Col(_word("action")), Col(_word("customers"), "bar"), Col(_word("mean"), "share")]
    columns += [Col(labelled(_word("loss"), figures.get("currency")), "int")] if valued else []
    names = ["action", "n", "churn_probability", *(["expected_loss"] if valued else [])]
    return Grid(_word("actions"), columns, table.select(names).rows())


def _do(result: ChurnResult, customers: pl.DataFrame, figures: dict[str, Any]) -> Block:
    """Whom it would pay to contact, less those who do not want it."""
    found: dict[str, Any] = dict(result.economics.figures)
    if not found.get("contacts") or not found.get("value_known"):
        return to_do()
    currency = figures.get("currency")
    money = {"cost": amount(found["campaign_cost"], currency), "profit": amount(found["campaign_profit"], currency)}
    limits = between(found["campaign_profit_low"], found["campaign_profit_high"], ",.0f")
    way = "proof_none" if found.get("control_needed") is None else "proof"
    proof = _word(way, control=found.get("control_needed"))
    refused = customers.filter(customers["action"] == text("churn.action.refused")).height
    silent = _word("refused", refused=refused) if refused else ""
    sure = "do" if found["campaign_profit_low"] > 0 else "do_unsure"
    return to_do(_word(sure, contacts=found["contacts"], limits=limits, **money) + proof, silent)
