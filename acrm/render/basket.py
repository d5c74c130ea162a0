"""The page of baskets."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from acrm.messages import text
from acrm.render.blocks import Block, Col, Grid, Headline, Lines, Page, Steps, money

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.basket.params import BasketResult

SHOWN = 12
TOLD = 5
BUNDLES = 6
SURE = 0.05


def basket_page(result: BasketResult, typed: str = "acrm-store", loose: str = "acrm-store") -> Page:
    """The strongest rules in a table and in words, bundles, and what to do next.

    Args:
        result: See `acrm.analysis.basket.basket`.
        typed: What was typed after `acrm basket`, but for the right side and the cut.
        loose: The same, but for the support.
    """
    top = strongest(result.tables["rules"])
    blocks: list[Block] = [_headline(result)]
    if top.height:
        blocks += [_rules(top, result), _in_words(result, top)]
    if "groups" in result.tables:
        blocks.append(_groups(result, top))
    if "bundles" in result.tables and result.tables["bundles"].height:
        blocks += _bundles(result)
    blocks.append(Lines([str(note) for note in result.notes], mark="!"))
    blocks.append(Steps(list(_steps(result, top, typed, loose)), text("render.next")))
    return Page(blocks)


def strongest(rules: pl.DataFrame) -> pl.DataFrame:
    """The rules worth a look first: not by chance, not refuted later, by the lower limit of lift.

    Of the rules between the same items the strongest stands for all.
    """
    import polars as pl

    group = ["group"] if "group" in rules.columns else []
    ordered = rules.sort(
        pl.col("q_value") > SURE,
        *([~pl.col("held").fill_null(value=True)] if "held" in rules.columns else []),
        -pl.col("lift_low").fill_nan(None).fill_null(0),
        -pl.col("confidence"),
        *group,
        "antecedents_text",
        "consequents_text",
    )
    items = pl.concat_list("antecedents", "consequents").list.sort().list.join("\n").alias("_items")
    return ordered.with_columns(items).unique(["_items", *group], keep="first", maintain_order=True).drop("_items")


def _word(key: str, **values: object) -> str:
    return text(f"render.basket.{key}", **values)


def _headline(result: BasketResult) -> Headline:
    figures: dict[str, Any] = dict(result.summary)
    what = _word(f"of.{result.params.basket_is.replace('-', '_')}")
    first, last = figures["first_order_at"], figures["last_order_at"]
    sub = _word("sub", items=figures["items"], mean=figures["items_a_basket"] or 0.0, needed=figures["min_baskets"])
    if first:
        sub = f"{sub}; {_word('span', first=first, last=last)}"
    kind = "headline" if figures["rules"] else "headline_none"
    return Headline(_word(kind, rules=figures["rules"], baskets=figures["baskets"], what=what), sub)


def _in_words(result: BasketResult, top: pl.DataFrame) -> Lines:
    import polars as pl

    where = str(result.summary.get("holdout_by", "days"))
    sure = top.filter(pl.col("q_value") <= SURE, pl.col("lift") > 1)
    told = [sentence(row, where) for row in _told(sure)]
    return Lines(told or [_word("none_sure")], _word("in_words"))


def _told(top: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Rules for sentences: each product on the right but once, as far as there are others."""
    import polars as pl

    first = top.unique("consequents_text", keep="first", maintain_order=True)
    rest = top.join(first, on=["antecedents_text", "consequents_text"], how="anti", maintain_order="left")
    yield from pl.concat([first, rest]).head(TOLD).iter_rows(named=True)


def _rules(top: pl.DataFrame, result: BasketResult) -> Grid:
    grouped = "group" in top.columns
    columns = [
        *([Col(result.params.by or "", max=16)] if grouped else []),
        Col(_word("rule")),
        Col(_word("baskets"), "int"),
        Col(_word("confidence"), "bar"),
        Col(_word("lift"), "number"),
        Col(_word("lift_low"), "number", priority=3),
        Col(_word("revenue"), "money", priority=2),
        *([] if grouped else [Col(_word(f"{result.summary.get('holdout_by', 'days')}.lift"), "number", priority=1)]),
    ]
    rows = [
        [
            *([row["group"]] if grouped else []),
            arrow(row),
            row["baskets"],
            row["confidence"],
            row["lift"],
            row["lift_low"],
            row["revenue"],
            *([] if grouped else [row["lift_later"]]),
        ]
        for row in top.head(SHOWN).iter_rows(named=True)
    ]
    kept = [at for at in range(len(columns)) if at < 2 or any(row[at] is not None for row in rows)]
    more = result.tables["rules"].height - len(rows)
    return Grid(_word("rules"), [columns[at] for at in kept], [[row[at] for at in kept] for row in rows], more)


def arrow(row: dict[str, Any]) -> str:
    """A rule: what is bought, and what goes with it."""
    return f"{row['antecedents_text']} → {row['consequents_text']}"


def sentence(row: dict[str, Any], where: str = "days") -> str:
    """One rule in words; `where` says which baskets it was tried on: later days, or a random choice."""
    values = {
        "left": row["antecedents_text"].replace(" + ", _word("and")),
        "right": row["consequents_text"].replace(" + ", _word("and")),
        "of_100": round(100 * row["confidence"]),
        "lift": row["lift"],
        "baskets": row["baskets"],
        "low": row["lift_low"],
        "high": row["lift_high"],
    }
    group = row.get("group")
    told = _word("sentence", **values)
    told = f"{group}: {told}" if group is not None else told
    if row.get("held") is None:
        return told
    kept = "held" if row["held"] else "not_held"
    return f"{told} {_word(f'{where}.{kept}', later=row['lift_later'])}"


def _groups(result: BasketResult, top: pl.DataFrame) -> Grid:
    best = {row["group"]: row for row in reversed(list(top.iter_rows(named=True)))}
    columns = [
        Col(result.params.by or ""),
        Col(_word("all_baskets"), "int"),
        Col(_word("needed"), "int", priority=2),
        Col(_word("count"), "bar", priority=1),
        Col(_word("best")),
        Col(_word("lift"), "number"),
    ]
    rows = [
        [
            row["group"],
            row["baskets"],
            row["min_baskets"],
            row["rules"],
            arrow(best[row["group"]]) if row["group"] in best else None,
            best[row["group"]]["lift"] if row["group"] in best else None,
        ]
        for row in result.tables["groups"].iter_rows(named=True)
    ]
    return Grid(_word("groups"), columns, rows)


def _bundles(result: BasketResult) -> Iterator[Block]:
    yield bundles_grid(result)
    first = result.tables["bundles"].row(0, named=True)
    if first["price_bundle"] is not None:
        yield Lines([bundle_sentence(first, result)])


def bundles_grid(result: BasketResult, most: int = BUNDLES) -> Grid:
    """What is sold as one, its price, and how many more must be sold; what is not known has no column."""
    table = result.tables["bundles"]
    columns = [
        Col(_word("bundle")),
        Col(_word("baskets"), "int"),
        Col(_word("lift"), "number"),
        Col(_word("apart"), "money", priority=1),
        Col(_word("together", discount=float(result.params.discount)), "money"),
        Col(_word("margin"), "money", priority=3),
        Col(_word("given_away"), "money", priority=2),
        Col(_word("extra"), "int"),
    ]
    names = (
        *("items_text", "baskets", "lift", "price_separately", "price_bundle", "margin_bundle", "given_away"),
        "extra_new",
    )
    rows = table.head(most).select(names).rows()
    kept = [at for at in range(len(names)) if any(row[at] is not None for row in rows)]
    return Grid(
        _word("bundles"),
        [columns[at] for at in kept],
        [[row[at] for at in kept] for row in rows],
        max(0, table.height - most),
    )


def bundle_sentence(row: dict[str, Any], result: BasketResult) -> str:
    """What a discount on a bundle must bring to pay."""
    currency: Any = result.summary.get("currency")
    values = {
        "items": row["items_text"].replace(" + ", _word("and")),
        "baskets": row["baskets"],
        "given_away": money(row["given_away"], currency),
        "extra": row["extra_new"],
        "upgraded": row["extra_upgraded"],
    }
    told = [_word("pays", **values) if row["extra_new"] is not None else _word("never_pays", **values)]
    if row["extra_new"] is not None:
        told.append(_word("pays_upgraded" if row["extra_upgraded"] is not None else "never_pays_upgraded", **values))
    return " ".join(told)


def _steps(result: BasketResult, top: pl.DataFrame, typed: str, loose: str) -> Iterator[tuple[str, str]]:
    figures: dict[str, Any] = dict(result.summary)
    if top.is_empty():
        if figures["min_baskets"] > 1 and figures["baskets_of_one"] < figures["baskets"]:
            yield f"acrm basket {loose} --min-support {max(1, figures['min_baskets'] // 2)}", _word("next.lower")
        if result.params.basket_is == "order" and figures["customers"]:
            yield f"acrm basket {loose} --basket-is customer", _word("next.customer")
        return
    wanted = top["consequents"][0][0]
    yield f"acrm basket {typed} --rhs {shlex.quote(wanted)}", _word("next.rhs", name=top["consequents_text"][0])
    if figures["first_order_at"] and result.params.by is None:
        yield f"acrm basket {typed} --by quarter", _word("next.by")
    yield f"acrm basket {typed} -o - | head", _word("next.table")
