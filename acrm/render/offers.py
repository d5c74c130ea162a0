"""The page of offers."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from acrm.messages import text
from acrm.render.blocks import Block, Col, Grid, Headline, Lines, Page, Steps

if TYPE_CHECKING:
    from acrm.analysis.offers.offers import OffersResult

EXAMPLES, MOST = 3, 5
"""Offers of each kind that are shown of one customer; products that are shown of all."""


def offers_page(result: OffersResult, typed: str = "acrm-store", out: str = "acrm-out") -> Page:
    """How good the lists are, the offers of one customer, what is offered most, and what to type next."""
    blocks: list[Block] = [_headline(result), _check(result)]
    if result.tables["offers"].height:
        blocks += [_examples(result), *_most(result)]
    blocks.append(Lines([str(note) for note in result.notes], mark="!"))
    if result.tables["offers"].height:
        blocks.append(Steps(list(_steps(result, typed, out)), text("render.next")))
    return Page(blocks)


def _word(key: str, **values: object) -> str:
    return text(f"render.offers.{key}", **values)


def _headline(result: OffersResult) -> Headline:
    figures: dict[str, Any] = dict(result.summary)
    sub = _word(
        "sub",
        orders=figures["orders"],
        buyers=figures["customers"],
        products=figures["products"],
        first=figures["first_order_at"],
        last=figures["last_order_at"],
        as_of=figures["as_of"],
    )
    if not figures["offers"]:
        return Headline(_word("headline_none"), sub)
    values = {"repeat": figures["offers_repeat"], "new": figures["offers_new"]}
    return Headline(
        _word("headline", offers=figures["offers"], customers=figures["customers_with_offers"], **values), sub
    )


def _check(result: OffersResult) -> Grid:
    columns = [
        Col(_word("what")),
        Col(_word("found"), "bar"),
        Col(_word("popular"), "bar"),
        Col(_word("hit"), "share"),
        Col(_word("ndcg"), "number", priority=2),
        Col(_word("tested"), "int", priority=1),
    ]
    rows = []
    for what in ("all", "repeat", "new"):
        ours, rival = (
            result.tables["check"].row(index, named=True)
            for index in result.tables["check"].with_row_index().filter(what=what)["index"]
        )
        name = _word("all") if what == "all" else text(f"offers.kind.{what}")
        if ours["customers"]:
            rows.append([name, ours["recall"], rival["recall"], ours["hit"], ours["ndcg"], ours["customers"]])
    return Grid(_word("check", customers=result.summary["tested_customers"]), columns, rows)


def _examples(result: OffersResult) -> Grid:
    import polars as pl

    customer = _example(result)
    table = result.tables["offers"].filter(pl.col("rank") <= EXAMPLES, customer_id=customer)
    named = table.join(result.tables["products"], on="product_id", how="left", maintain_order="left")
    columns = [
        Col(_word("product"), max=30),
        Col(_word("kind")),
        Col(_word("value"), "money"),
        Col(_word("due"), priority=2),
        Col(_word("reason"), "prose"),
    ]
    rows = [
        [
            row["product_name"] or row["product_id"],
            text(f"offers.kind.{row['kind']}"),
            row["expected_value"],
            f"{row['due_from']}..{row['due_to']}" if row["due_from"] else None,
            row["reason"],
        ]
        for row in named.iter_rows(named=True)
    ]
    return Grid(_word("examples", customer=customer), columns, rows)


def _example(result: OffersResult) -> str:
    """The customer whose offers are worth most; of equals the one whose id comes first."""
    import polars as pl

    worth = result.tables["offers"].group_by("customer_id").agg(pl.col("expected_value").sum(), pl.len())
    return str(worth.sort("expected_value", "len", "customer_id", descending=[True, True, False])["customer_id"][0])


def _most(result: OffersResult) -> Iterator[Grid]:
    import polars as pl

    names = result.tables["products"].select("product_id", "product_name")
    for kind in ("repeat", "new"):
        counts = result.tables["offers"].filter(kind=kind).group_by("product_id").agg(pl.len().alias("customers"))
        if counts.is_empty():
            continue
        top = counts.sort("customers", "product_id", descending=[True, False]).head(MOST)
        top = top.join(names, on="product_id", how="left", maintain_order="left")
        rows = [[name or id, int(customers)] for id, customers, name in top.rows()]
        title = f"{_word('most')}: {text(f'offers.kind.{kind}')}"
        yield Grid(
            title, [Col(_word("product"), max=40), Col(_word("offered_to"), "bar")], rows, counts.height - len(rows)
        )


def _steps(result: OffersResult, typed: str, out: str) -> Iterator[tuple[str, str]]:
    customer = _example(result)
    yield f"acrm offers {typed} -o - | grep -wF -e {shlex.quote(customer)}", _word("next.list", customer=customer)
    item = result.tables["products"]["product_id"][0]
    line = json.dumps({"customer_id": customer, "items": [item]}, ensure_ascii=False)
    yield f"echo {shlex.quote(line)} | acrm offers {shlex.quote(out)} --stdin", _word("next.rescore")
    if not result.params.exclude:
        yield f"acrm offers {typed} --exclude {shlex.quote(item)}", _word("next.exclude")
