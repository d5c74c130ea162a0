"""The page of churn: who, why, when, what it is worth, and how well it is foretold."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from acrm.messages import number, text
from acrm.render.blocks import Block, Cell, Col, Grid, Headline, Lines, Page, Steps
from acrm.render.churn_economics import economics_blocks, loss_column
from acrm.render.churn_quality import quality_blocks
from acrm.render.churn_stays import by_block, stays_blocks
from acrm.render.churn_uplift import uplift_blocks
from acrm.render.churn_watch import compared_blocks, ending_block
from acrm.render.churn_windows import warning_blocks, windows_block

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.churn.churn import ChurnResult

SHOWN = 8
"""Customers that the page shows."""
CAUSES = 5
"""Features that the page shows."""
SAID = frozenset(
    {
        "churn.setting.contractual",
        "churn.setting.labelled",
        "churn.setting.transactional",
        "churn.tried",
        "churn_economics.assumed_contact",
        "churn_economics.assumed_incentive",
        "churn_economics.campaign",
        "churn_economics.control_enough",
        "churn_economics.control_few",
        "churn_model.additive",
        "churn_model.verdict.alike",
        "churn_model.verdict.better",
        "churn_model.verdict.worse",
        "churn_retention.holds",
        "churn_transactional.lost",
        "churn_transactional.proposed",
        "churn_uplift.effect_sure",
        "churn_uplift.effect_unsure",
        "churn_watch.drift_some",
    }
)
"""Notes whose words or figures stand in the blocks of the page; `--json` has all notes."""


def _word(key: str, **values: object) -> str:
    return text(f"render.churn.{key}", **values)


def churn_page(
    result: ChurnResult,
    typed: str = "acrm-store",
    tables: Mapping[str, pl.LazyFrame] | None = None,
    out: str = "acrm-out",
) -> Page:
    """The answer, the top of the list, why, when, what it is worth, how well it is foretold, and what to type next."""
    figures: dict[str, Any] = dict(result.summary)
    shown, currency = result.shown, figures.get("currency")
    blocks: list[Block] = [_headline(result), top_grid(result, currency), *_causes(result.tables["causes"])]
    if "ending" in shown:
        blocks.append(ending_block(shown["ending"], currency))
    if "compare" in shown:
        blocks += compared_blocks(shown["compare"], shown.get("drift"))
    if "by" in result.tables:
        blocks.append(by_block(result.tables["by"], currency))
    if "overdue" in shown:
        blocks += warning_blocks(shown["overdue"])
    if "windows" in shown:
        blocks.append(windows_block(shown["windows"]))
    if "retention" in shown:
        blocks += stays_blocks(shown["retention"])
    blocks += economics_blocks(result.economics, result.params.costs, currency)
    if "uplift" in shown:
        blocks += uplift_blocks(shown["uplift"])
    blocks += quality_blocks(result.tables, applied=not result.files)
    blocks.append(Lines([str(note) for note in result.notes if note.id not in SAID], mark="!"))
    blocks.append(Steps(list(_steps(result, typed, tables or {}, out)), text("render.next")))
    return Page(blocks)


def _headline(result: ChurnResult) -> Headline:
    figures: dict[str, Any] = dict(result.summary)
    answer = _word("headline", high=figures["high_risk_customers"], customers=figures["here"])
    if figures.get("expected_loss"):
        loss = number(figures["expected_loss"], ",.0f")
        answer += _word("headline_loss", loss="\u00a0".join(filter(None, (loss, figures.get("currency")))))
    return Headline(answer, learned(result))


def learned(result: ChurnResult) -> str:
    """What leaving is, and how well it is foretold."""
    figures: dict[str, Any] = dict(result.summary)
    values = {name: figures.get(name) for name in ("churn_rate", "window_days", "lost_customers", "roc_auc")}
    if result.files:
        return _word(f"sub.{figures['setting']}", **values)
    if figures.get("roc_auc") is not None:
        return _word("sub.applied_known", **values)
    return _word("sub.applied", setting=text(f"churn.setting.{figures['setting']}"))


def top_grid(result: ChurnResult, currency: str | None) -> Grid:
    """Those still here who are most likely to leave; with values, those whose loss would cost most."""
    import polars as pl

    gone = list(result.shown.get("gone", ()))
    customers = result.tables["customers"].filter(~pl.col("customer_id").is_in(gone))
    valued = customers["expected_loss"].count() > 0
    first = "expected_loss" if valued else "churn_probability"
    top = customers.sort(first, "customer_id", descending=[True, False], nulls_last=True).head(SHOWN)
    columns = [
        Col(_word("customer"), max=24),
        Col(_word("probability"), "share"),
        Col(_word("between"), align="right", priority=2),
        *([loss_column(top["expected_loss"], currency)] if valued else []),
        Col(_word("action")),
        Col(_word("because"), "prose", priority=3),
    ]
    rows: list[list[Cell]] = []
    for row in top.iter_rows(named=True):
        # The third one says little more, and is in the file.
        why = "; ".join(row[name] for name in ("reason_1", "reason_2") if row[name])
        between = f"{number(row['low'], '.0%')}–{number(row['high'], '.0%')}"
        cells: list[Cell] = [row["customer_id"], row["churn_probability"], between]
        rows.append([*cells, *([row["expected_loss"]] if valued else []), row["action"], why or None])
    return Grid(_word("top_loss" if valued else "top"), columns, rows, customers.height - top.height)


def _causes(table: pl.DataFrame) -> Iterator[Grid]:
    """What is most often among the reasons of customers at high risk."""
    from acrm.analysis.segment.naming import readable

    columns = [
        Col(_word("cause"), max=40),
        Col(_word("customers"), "int"),
        Col(_word("of_high"), "share", priority=1),
        Col(_word("part"), "share"),
        Col(_word("example"), max=60),
    ]
    picked = table.head(CAUSES).select("feature", "customers", "share", "mean_share", "example")
    rows: list[list[Cell]] = [[readable(feature), *rest] for feature, *rest in picked.iter_rows()]
    if rows:
        yield Grid(_word("causes"), columns, rows, max(table.height - CAUSES, 0))


def _short(amount: float) -> str:
    """An amount of three digits as it is typed.

    >>> _short(1253.4), _short(0.8196)
    ('1250', '0.82')
    """
    return f"{float(f'{amount:.3g}'):.12g}"


def _steps(result: ChurnResult, typed: str, tables: Mapping[str, pl.LazyFrame], out: str) -> Iterator[tuple[str, str]]:
    costs = result.params.costs
    figures: dict[str, Any] = dict(result.economics.figures)
    asked = [("contact", costs.contact, figures["contact_cost"]), ("incentive", costs.incentive, figures["incentive"])]
    if flags := " ".join(f"--{name} {_short(known)}" for name, told, known in asked if told is None):
        yield f"acrm churn {typed} {flags}", _word("next.costs")
    if "contracts" in tables and "ending" not in result.shown:
        yield f"acrm churn {typed} --ending 30", _word("next.ending")
    elif "transactions" in tables and "by" not in result.tables:
        yield f"acrm churn {typed} --by segment", _word("next.segment")
    yield f"acrm churn {typed} --compare {shlex.quote(out)}", _word("next.compare")
    yield f"acrm churn {typed} -o - | head", _word("next.table")
