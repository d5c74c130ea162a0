"""The page of products."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from acrm.messages import text
from acrm.render.blocks import Block, Cell, Col, Grid, Headline, Lines, Page, Steps, money

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.products.params import ProductsResult

SHOWN = 5
"""Products that are shown of an action."""
LISTED = ("promote", "restock", "clear", "remove", "keep")
GROUPS, OF_GROUP = 6, 3
"""Groups that are shown, those with most purchases, and what each buys more of."""


def products_page(result: ProductsResult, typed: str = "acrm-store") -> Page:
    """Classes, how many products need what, the first of each action with the reason, groups, and what to type next."""
    blocks: list[Block] = [_headline(result), _matrix(result), _actions(result)]
    blocks += [action_grid(result, action) for action in LISTED]
    if "by" in result.tables:
        blocks.append(_by(result))
    if "assortment" in result.tables:
        blocks += _assortment(result)
    blocks.append(Lines([str(note) for note in result.notes], mark="!"))
    blocks.append(Steps(list(_steps(result, f"acrm products {typed}")), text("render.next")))
    return Page(blocks)


def _word(key: str, **values: object) -> str:
    return text(f"render.products.{key}", **values)


def _headline(result: ProductsResult) -> Headline:

    figures: dict[str, Any] = dict(result.summary)
    dates = {"first": figures["first_order_at"], "last": figures["last_order_at"], "as_of": figures["as_of"]}
    counts = {name: figures[name] for name in ("orders", "customers")}
    sub = _word("sub", **dates, **counts) if dates["last"] else _word("sub_undated", **counts)
    values = {"a": figures["class_a"], "products": figures["products"]}
    matrix = result.tables["matrix"]
    values["share"] = float(matrix.filter(abc="A")["share"].sum())
    if figures["spend"] is None:
        return Headline(_word("headline_units", **values, what=measure(result)), sub)
    currency = figures["currency"]
    answer = _word("headline", **values, money=money(figures["spend"], currency))
    if figures["margin"] is not None:
        rate = float(figures["margin"]) / (float(figures["spend"]) * (figures["costed_share"] or 1))
        answer += "; " + _word("margin", money=money(figures["margin"], currency), rate=rate)
    return Headline(answer, sub)


def _matrix(result: ProductsResult) -> Grid:
    """One row per class of revenue, one column per class of evenness; where evenness is not known, a column says so."""
    import polars as pl

    matrix = result.tables["matrix"].drop_nulls("abc")
    classes = [name for name in ("X", "Y", "Z") if name in matrix["xyz"]]
    names: list[str | None] = [*classes, *([None] if matrix["xyz"].null_count() else [])]
    columns = [Col(_word("class"))]
    columns += [Col(_word(name.lower() if name else "unknown"), align="right") for name in names]
    columns.append(Col(_word("all"), align="right"))
    rows: list[list[Cell]] = []
    for abc in ("A", "B", "C"):
        whole = matrix.filter(abc=abc)
        cells = [whole.filter(pl.col("xyz").eq_missing(pl.lit(name, pl.String))) for name in names]
        rows.append([abc, *map(_cell, [*cells, whole])])
    return Grid(_word("matrix", what=measure(result)), columns, rows)


def measure(result: ProductsResult) -> str:
    """What classes are by."""
    return text(f"products.what.{result.summary['classed_by']}")


def _cell(cells: pl.DataFrame) -> str | None:
    if cells.is_empty():
        return None
    products = int(cells["products"].sum())
    return _word("cell", share=float(cells["share"].fill_nan(None).sum()), products=products)


def _actions(result: ProductsResult) -> Grid:
    import polars as pl

    from acrm.analysis.products.params import ACTIONS

    table = result.tables["products"]
    stocked = table["on_hand"].count() > 0
    total = str(result.summary["classed_by"])
    whole = float(table[total].sum() or 0)
    part = _word("share_of", what=measure(result))
    columns = [Col(_word("action")), Col(_word("products"), "int"), Col(part, "bar")]
    if stocked:
        columns += [Col(_word("on_hand"), "int", priority=2), Col(_word("stock_value"), "money", priority=1)]
    rows: list[list[Cell]] = []
    for action in ACTIONS:
        some = table.filter(pl.col("action") == action)
        if some.is_empty():
            continue
        share = float(some[total].sum() or 0) / whole if whole else None
        row: list[Cell] = [text(f"products.action.{action}"), some.height, share]
        value = some["stock_value"].sum() if some["stock_value"].count() else None
        rows.append([*row, float(some["on_hand"].sum() or 0), value] if stocked else row)
    return Grid(_word("actions"), columns, rows)


def action_grid(result: ProductsResult, action: str, most: int = SHOWN) -> Grid:
    """The products of an action, those first that it matters most for."""
    import polars as pl

    some = result.tables["products"].filter(pl.col("action") == action)
    if action == "keep":
        some = some.filter(pl.col("abc") == "C")
    least_first = action == "remove"
    some = some.sort(
        "expected_value", "revenue", "product_id", descending=[True, not least_first, False], nulls_last=True
    )
    total = str(result.summary["classed_by"])
    columns = [
        Col(_word("product"), max=32),
        Col(measure(result), "money" if total == "revenue" else "int", priority=1),
        Col(_word("reason"), "prose"),
    ]
    top = some.head(most).select(pl.coalesce("product_name", "product_id"), total, "reason")
    return Grid(_word(action), columns, top.rows(), max(0, some.height - most))


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
        Col(_word("product"), max=32),
        Col(_word("buyers"), "int", priority=1),
        Col(_word("share"), "bar"),
        Col(_word("base"), "share"),
        Col(_word("index"), "number"),
    ]
    rows: list[list[Cell]] = []
    for group in sizes[by].head(GROUPS):
        more = cells.filter(pl.col(by) == group, pl.col("q_value") <= SURE, pl.col("index") > 1)
        for row in more.sort(-pl.col("index"), "product_id").head(OF_GROUP).iter_rows(named=True):
            name = row["product_name"] or row["product_id"]
            rows.append([str(group), name, row["buyers"], row["share"], row["base_share"], row["index"]])
    return Grid(_word("by", column=by), columns, rows)


def _assortment(result: ProductsResult) -> Iterator[Block]:
    """Stock against sales by category, what needs a change first, and that in words."""
    table = result.tables["assortment"]
    told = [name for name in ("stock_share", "main_index") if table[name].count()]
    if not told:
        return
    kinds = {"stock_share": Col(_word("stock_share"), "bar"), "main_index": Col(_word("main_index"), "number")}
    units = ["unit"] if "unit" in table.columns else []
    columns = [*(Col(_word("group")) for _ in units), Col(_word("category"), max=32)]
    columns += [Col(_word("revenue_share"), "bar"), *(kinds[name] for name in told)]
    table = table.sort(table["flag"].is_null(), -table["revenue"], *units, "category").head(2 * SHOWN)
    rows = table.select(*units, "category", "revenue_share", *told).rows()
    more = result.tables["assortment"].height - len(rows)
    yield Grid(_word("assortment"), columns, rows, more)
    flags = table.drop_nulls("flag").select(*units, "category", "reason").rows()
    yield Lines([f"{', '.join(names)}: {reason}" for *names, reason in flags])


def _steps(result: ProductsResult, command: str) -> Iterator[tuple[str, str]]:
    params = result.params
    if params.by is None:
        yield f"{command} --by segment", _word("next.by")
    if result.summary.get("on_hand") is None:
        yield f"{command} stock.csv", _word("next.stock")
    if params.zeros != "ignore" and result.summary["class_z"]:
        yield f"{command} --zeros ignore", _word("next.zeros")
    if result.summary["action_remove"]:
        yield f"{command} -o - | grep -w remove", _word("next.table")
