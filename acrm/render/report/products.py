"""The section of products: which make the revenue and how evenly, what to promote, what to take out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acrm.messages import text
from acrm.render.blocks import Block, Chart, Headline, Section
from acrm.render.pictures import Axis, Bars, Heat, Row
from acrm.render.products import action_grid, measure
from acrm.render.report.told import amount, notes, period, to_do

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.products.params import ProductsResult

LISTED = 5
"""Products that are named of an action."""
_NOTES = ("products.no_costs", "products.some_costs", "products.removal", "products.reversed")


def products_section(result: ProductsResult, *, personal: bool = True) -> Section | None:  # noqa: ARG001 - as all sections
    """ABC by XYZ, what is to be done with how much of the revenue, and the first products of each action."""
    import polars as pl

    from acrm.analysis.products.params import ACTIONS

    table = result.tables["products"]
    if table.is_empty():
        return None
    figures: dict[str, Any] = dict(result.summary)
    blocks: list[Block] = [_headline(result, figures)]
    if result.tables["matrix"]["xyz"].count():
        blocks.append(_matrix(result, figures))
    blocks.append(_actions(result, figures))
    counts = {action: table.filter(pl.col("action") == action).height for action in ACTIONS}
    listed = [action for action in ("promote", "restock", "clear", "remove") if counts[action]]
    blocks += [action_grid(result, action, LISTED) for action in listed]
    if counts["remove"]:
        blocks.append(_do(table, figures, counts["remove"]))
    blocks.append(notes(result.notes, *_NOTES))
    return Section("products", _word("title"), blocks)


def _word(key: str, **values: object) -> str:
    return text(f"report_products.{key}", **values)


def _headline(result: ProductsResult, figures: dict[str, Any]) -> Headline:
    share = float(result.tables["matrix"].filter(abc="A")["share"].sum())
    whole = measure(result) if figures["spend"] is None else amount(figures["spend"], figures["currency"])
    answer = _word("headline", a=figures["class_a"], products=figures["products"], share=share, whole=whole)
    if figures["margin"] is not None:
        answer += "; " + text(
            "render.products.margin", money=amount(figures["margin"], figures["currency"]), rate=_rate(figures)
        )
    sub = _word("sub", orders=figures["orders"])
    dated = period(figures["first_order_at"], figures["last_order_at"])
    return Headline(answer, f"{sub}; {dated}" if dated else sub)


def _rate(figures: dict[str, Any]) -> float:
    return float(figures["margin"]) / (float(figures["spend"]) * (figures["costed_share"] or 1))


def _matrix(result: ProductsResult, figures: dict[str, Any]) -> Chart:
    """The share of what classes are by, and how many products make it."""
    matrix = result.tables["matrix"].drop_nulls(["abc", "xyz"])
    shares = {(abc, xyz): float(share) for abc, xyz, share in matrix.select("abc", "xyz", "share").iter_rows()}
    counts = {(abc, xyz): n for abc, xyz, n in matrix.select("abc", "xyz", "products").iter_rows()}
    cells = [[shares.get((abc, xyz)) for xyz in "XYZ"] for abc in "ABC"]
    even = sum(share for (abc, xyz), share in shares.items() if abc == "A" and xyz in "XY")
    uneven = sum(counts.get((abc, "Z"), 0) for abc in "ABC")
    said = {"uneven": uneven, "even": even, "what": measure(result)}
    names = [text(f"render.products.{xyz}") for xyz in "xyz"]
    picture = Heat(
        [_word("class", abc=abc) for abc in "ABC"],
        names,
        cells,
        Axis(_word("share", what=measure(result)), "share"),
        n=[[counts.get((abc, xyz)) for xyz in "XYZ"] for abc in "ABC"],
    )
    x, y = result.params.xyz
    note = _word("matrix_note", a=float(result.params.abc[0]), b=float(result.params.abc[1]), x=x, y=y)
    return Chart(_word("matrix", **said), _word("matrix_told", **said), picture, figures["products"], note)


def _actions(result: ProductsResult, figures: dict[str, Any]) -> Chart:
    """Products by what is to be done with them."""
    import polars as pl

    from acrm.analysis.products.params import ACTIONS

    table, total = result.tables["products"], str(figures["classed_by"])
    whole = float(table[total].sum() or 0)
    rows, shares = [], {}
    for action in ACTIONS:
        some = table.filter(pl.col("action") == action)
        if some.height:
            shares[action] = float(some[total].sum() or 0) / whole if whole else 0.0
            rows.append(Row(_word("action", action=text(f"products.action.{action}"), n=some.height), some.height))
    out = table.filter(pl.col("action") == "remove").height
    said = {"n": out, "share": shares.get("remove", 0.0), "what": measure(result)}
    title = _word("actions_remove", **said) if out else _word("actions")
    return Chart(title, _word("actions_told"), Bars(Axis(_word("products"), "int"), rows), figures["products"])


def _do(table: pl.DataFrame, figures: dict[str, Any], n: int) -> Block:
    """What the products to take out bring now."""
    import polars as pl

    lost = float(table.filter(pl.col("action") == "remove")[str(figures["classed_by"])].sum() or 0)
    currency = figures["currency"] if figures["classed_by"] == "revenue" else None
    return to_do(_word("do", n=n, lost=amount(lost, currency)))
