"""The page of products."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from acrm.messages import text
from acrm.render.blocks import Block, Cell, Col, Grid, Headline, Lines, Page, Steps, money

if TYPE_CHECKING:
    from acrm.analysis.products.params import ProductsResult

SHOWN = 5
"""Products that are shown of an action."""
LISTED = ("promote", "restock", "clear", "remove", "keep")
GROUPS, OF_GROUP = 6, 3
"""Groups that are shown, those with most purchases, and what each buys more of."""


def products_page(result: ProductsResult, typed: str = "acrm-store") -> Page:
    """Classes, how many products need what, the first of each action with the reason, groups, and what to type next."""
    blocks: list[Block] = [_headline(result), _matrix(result), _actions(result)]
    blocks += [_list(result, action) for action in LISTED]
    if "by" in result.tables:
        blocks.append(_by(result))
    if "assortment" in result.tables:
        blocks.append(_assortment(result))
    blocks.append(Lines([str(note) for note in result.notes], mark="!"))
    blocks.append(Steps(list(_steps(result, f"acrm products {typed}", typed)), text("render.next")))
    return Page(blocks)


def _word(key: str, **values: object) -> str:
    return text(f"render.products.{key}", **values)


def _headline(result: ProductsResult) -> Headline:
    import polars as pl

    figures: dict[str, Any] = dict(result.summary)
    dates = {"first": figures["first_order_at"], "last": figures["last_order_at"], "as_of": figures["as_of"]}
    counts = {name: figures[name] for name in ("orders", "customers")}
    sub = _word("sub", **dates, **counts) if dates["last"] else _word("sub_undated", **counts)
    values = {"a": figures["class_a"], "products": figures["products"]}
    matrix = result.tables["matrix"]
    if figures["spend"] is None:
        measure = result.tables["products"]["units"].fill_null(0)
        what = "units" if measure.sum() else "orders"
        sold = result.tables["products"].select(pl.col("abc"), pl.col(what).cast(pl.Float64))
        share = sold.filter(abc="A")[what].sum() / sold[what].sum()
        return Headline(_word("headline_units", **values, share=share, what=text(f"products.what.{what}")), sub)
    share = matrix.filter(abc="A")["share"].sum()
    currency = figures["currency"]
    answer = _word("headline", **values, share=share, money=money(figures["spend"], currency))
    if figures["margin"] is not None:
        rate = float(figures["margin"]) / (float(figures["spend"]) * (figures["costed_share"] or 1))
        answer += "; " + _word("margin", money=money(figures["margin"], currency), rate=rate)
    return Headline(answer, sub)


def _matrix(result: ProductsResult) -> Grid:
    """One row per class of revenue, one column per class of evenness; without revenue or evenness only what there is."""
    matrix = result.tables["matrix"].drop_nulls("abc")
    classes = [name for name in ("X", "Y", "Z") if name in matrix["xyz"]]
    names: list[str | None] = [*classes, *([None] if matrix["xyz"].null_count() else [])]
    columns = [Col(_word("class"))]
    columns += [Col(_word(name.lower() if name else "unknown"), align="right") for name in names]
    columns.append(Col(_word("all"), align="right"))
    rows: list[list[Cell]] = []
    for abc in ("A", "B", "C"):
        cells = [matrix.filter(abc=abc).filter(matrix.filter(abc=abc)["xyz"].eq_missing(name)) for name in names]
        whole = matrix.filter(abc=abc)
        told = [_cell(cell["share"].fill_nan(None).sum(), cell["products"].sum()) for cell in [*cells, whole]]
        rows.append([abc, *told])
    return Grid(_word("matrix"), columns, rows)


def _cell(share: float, products: int) -> str | None:
    return _word("cell", share=float(share), products=int(products)) if products else None


def _actions(result: ProductsResult) -> Grid:
    import polars as pl

    from acrm.analysis.products.params import ACTIONS

    table = result.tables["products"]
    stocked = table["on_hand"].count() > 0
    revenue = float(table["revenue"].sum() or 0)
    columns = [Col(_word("action")), Col(_word("products"), "int"), Col(_word("revenue_share"), "bar")]
    if stocked:
        columns += [Col(_word("on_hand"), "int", priority=2), Col(_word("stock_value"), "money", priority=1)]
    rows: list[list[Cell]] = []
    for action in ACTIONS:
        some = table.filter(pl.col("action") == action)
        if some.is_empty():
            continue
        share = float(some["revenue"].sum() or 0) / revenue if revenue else None
        row: list[Cell] = [text(f"products.action.{action}"), some.height, share]
        value = some["stock_value"].sum() if some["stock_value"].count() else None
        rows.append([*row, float(some["on_hand"].sum() or 0), value] if stocked else row)
    return Grid(_word("actions"), columns, rows)


def _list(result: ProductsResult, action: str) -> Grid:
    """The products of an action, those first that it matters most for."""
    import polars as pl

    some = result.tables["products"].filter(pl.col("action") == action)
    if action == "keep":
        some = some.filter(pl.col("abc") == "C")
    least_first = action == "remove"
    some = some.sort(
        "expected_value", "revenue", "product_id", descending=[True, not least_first, False], nulls_last=True
    )
    columns = [
        Col(_word("product"), max=34),
        Col(_word("revenue"), "money", priority=1),
        Col(_word("reason"), "prose"),
    ]
    top = some.head(SHOWN).select(pl.coalesce("product_name", "product_id"), "revenue", "reason")
    return Grid(_word(action), columns, top.rows(), max(0, some.height - SHOWN))


def _by(result: ProductsResult) -> Grid:
    """Of the greatest groups, what each surely buys more of than all do."""
    import polars as pl

    from acrm.analysis.products.groups import SURE

    by, table = str(result.params.by), result.tables["by"]
    level = "category" if "category" in table["level"] else "product"
    cells = table.filter(pl.col("level") == level)
    sizes = cells.group_by(by).agg(pl.col("buyers").sum()).sort(-pl.col("buyers"), by)
    columns = [
        Col(_word("group")),
        Col(_word("product"), max=34),
        Col(_word("buyers"), "int", priority=1),
        Col(_word("share"), "bar"),
        Col(_word("base"), "share"),
        Col(_word("index"), "number"),
    ]
    rows: list[list[Cell]] = []
    for group in sizes[by].head(GROUPS):
        more = cells.filter(pl.col(by) == group, pl.col("q_value") <= SURE, pl.col("index_low") > 1)
        for row in more.sort(-pl.col("index"), "product_id").head(OF_GROUP).iter_rows(named=True):
            name = row["product_name"] or row["product_id"]
            rows.append([str(group), name, row["buyers"], row["share"], row["base_share"], row["index"]])
    return Grid(_word("by", column=by), columns, rows)


def _assortment(result: ProductsResult) -> Grid:
    table = result.tables["assortment"].sort("revenue", "category", descending=[True, False])
    columns = [Col(_word("category"), max=34), Col(_word("revenue_share"), "bar")]
    stocked = table["stock_share"].count() > 0
    indexed = table["main_index"].count() > 0
    if not stocked and not indexed:
        return Grid(_word("assortment"), columns, [])
    if stocked:
        columns.append(Col(_word("stock_share"), "bar"))
    if indexed:
        columns.append(Col(_word("main_index"), "number", priority=1))
    columns.append(Col(_word("verdict"), "prose"))
    ordered = table.sort(table["flag"].is_null(), maintain_order=True).head(2 * SHOWN)
    rows: list[list[Cell]] = []
    for row in ordered.iter_rows(named=True):
        told = [row["stock_share"]] if stocked else []
        rows.append(
            [row["category"], row["revenue_share"], *told, *([row["main_index"]] if indexed else []), row["reason"]]
        )
    return Grid(_word("assortment"), columns, rows, max(0, table.height - len(rows)))


def _steps(result: ProductsResult, command: str, typed: str) -> Iterator[tuple[str, str]]:
    params = result.params
    if params.by is None:
        yield f"{command} --by segment", _word("next.by")
    if result.summary.get("on_hand") is None:
        yield f"{command} --table stock=FILE", _word("next.stock")
    if params.zeros != "ignore" and result.summary["class_z"]:
        yield f"{command} --zeros ignore", _word("next.zeros")
    if result.summary["action_remove"]:
        yield f"{command} -o - | grep ,remove,", _word("next.table")
