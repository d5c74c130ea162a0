"""The page of a value under contract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from acrm.analysis.clv.contract_tables import NAIVE
from acrm.messages import number, text
from acrm.render.blocks import Block, Cell, Col, Facts, Grid, Headline, Lines, Page, money

if TYPE_CHECKING:
    from acrm.analysis.clv.contract import ContractResult

# Rows of a curve, and curves, past which a page is no page any more.
_ROWS = 13
_CURVES = 4


def contract_page(result: ContractResult) -> Page:
    """What is expected, the models and how they did on held-out periods, and the curves they were fitted to."""
    blocks: list[Block] = [_headline(result)]
    if "customers" in result.tables:
        blocks.append(_totals(result))
    blocks += [_models(result), *_tests(result), *_curves(result)]
    blocks.append(Lines([str(note) for note in result.notes], mark="!"))
    return Page(blocks)


def _word(key: str, **values: object) -> str:
    return text(f"render.clv_contract.{key}", **values)


def _headline(result: ContractResult) -> Headline:
    figures: dict[str, Any] = dict(result.summary)
    period = figures["period"]
    figures["period"] = text(f"clv_contract.periods.{period}") if period else _word("mixed")
    if "customers" not in result.tables:
        return Headline(_word("headline_table", **figures), _word("sub_table", **figures))
    if figures["revenue_12_months"] is None:
        return Headline(_word("headline", **figures), _word("sub", **figures))
    revenue = money(figures["revenue_12_months"], figures["currency"])
    return Headline(_word("headline_money", revenue=revenue, **figures), _word("sub", **figures))


def _totals(result: ContractResult) -> Facts:
    figures: dict[str, Any] = dict(result.summary)
    rows = []
    for name, label in (("payments_12_months", "payments"), ("revenue_12_months", "revenue"), ("equity", "equity")):
        if figures[name] is not None:
            ends = {"low": figures[f"{name}_low"], "high": figures[f"{name}_high"]}
            unit = f", {figures['currency']}" if figures["currency"] and name != "payments_12_months" else ""
            rows.append((_word(label) + unit, _word("between", value=figures[name], **ends)))
    rows.append((_word("how"), _word("convention", **figures)))
    return Facts(rows, _word("totals"))


def _models(result: ContractResult) -> Grid:
    several = result.summary["groups"] != 1
    columns = [
        *([Col(_word("group"))] if several else []),
        Col(_word("model")),
        Col(_word("left"), "int"),
        Col(_word("of"), "int"),
        *(Col(name, "text", align="right") for name in ("alpha", "beta", "c")),
        Col(_word("log_likelihood"), "number"),
        Col(_word("state"), priority=1),
    ]
    rows: list[list[Cell]] = []
    for row in result.tables["models"].iter_rows(named=True):
        state = "alike" if row["alike"] else "good" if row["converged"] else "no"
        parameters = [
            None if row["alike"] and name != "c" else _parameter(row[name]) for name in ("alpha", "beta", "c")
        ]
        rows.append(
            [
                *([row["group"]] if several else []),
                f"→ {row['name']}" if row["chosen"] else row["name"],
                row["left"],
                row["customers"],
                *parameters,
                row["log_likelihood"],
                _word(state),
            ]
        )
    return Grid(_word("models"), columns, rows)


def _parameter(value: float | None) -> str | None:
    return None if value is None else number(value, ".3f")


def _tests(result: ContractResult) -> Iterator[Block]:
    table = result.tables["validation"]
    if table.is_empty():
        return
    several = result.summary["groups"] != 1
    periods = table["held_periods"].unique().to_list()
    columns = [
        *([Col(_word("group"))] if several else []),
        Col(_word("model")),
        Col(_word("held_log_likelihood"), "number"),
        Col(_word("staying_error"), "share"),
        Col(_word("survival_error"), "share", priority=1),
    ]
    rows = [
        [
            *([row["group"]] if several else []),
            _word("naive") if row["rule"] == NAIVE else row["rule"],
            row["log_likelihood"],
            row["staying_error"],
            row["survival_error"],
        ]
        for row in table.iter_rows(named=True)
    ]
    title = _word("test", periods=periods[0]) if len(periods) == 1 else _word("test_mixed")
    yield Grid(title, columns, rows)


def _curves(result: ContractResult) -> Iterator[Block]:
    columns = [
        Col(_word("period"), "int"),
        Col(_word("at_risk"), "int"),
        Col(_word("survival"), "bar"),
        Col(_word("interval"), "text", priority=2, align="right"),
        Col(_word("sbg"), "share"),
        Col(_word("bdw"), "share"),
        Col(_word("residual"), "number", priority=1),
    ]
    curves = result.tables["survival"].partition_by("group", maintain_order=True)
    for curve in curves[:_CURVES]:
        name = curve["group"][0]
        title = _word("curve_group", group=name) if name else _word("curve")
        rows = [_point(row) for row in curve.head(_ROWS).iter_rows(named=True)]
        yield Grid(title, columns, rows, more=max(0, curve.height - _ROWS))


def _point(row: dict[str, Any]) -> list[Cell]:
    low, high = row["survival_low"], row["survival_high"]
    between = None if low is None else text("render.interval", low=low, high=high)
    shares = [row["survival"], between, row["sbg"], row["bdw"], row["residual_payments"]]
    return [row["period"], row["at_risk"] or None, *shares]
