"""The page of a reconciliation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from acrm.messages import text
from acrm.render.blocks import Block, Cell, Col, Grid, Headline, Lines, Page, Steps, money

if TYPE_CHECKING:
    from acrm.analysis.reconcile import ReconcileResult

SHOWN = 8
_STATES = ("paid", "partly", "unpaid", "overpaid")


def reconcile_page(result: ReconcileResult, typed: str = "acrm-store") -> Page:
    """What is paid and what is not, what the sources count, and what explains their difference.

    `typed` is what the reader typed after `acrm reconcile`, so that the commands to go on with repeat it.
    """
    blocks: list[Block] = [_headline(result)]
    if result.summary["payments"]:
        blocks += [_states(result), _received(result), *_owing(result)]
    blocks += [_sources(result), _differences(result)]
    blocks.append(Lines([str(note) for note in result.notes], mark="!"))
    blocks.append(Steps(list(_steps(result, f"acrm reconcile {typed}")), text("render.next")))
    return Page(blocks)


def _word(key: str, **values: object) -> str:
    return text(f"render.reconcile.{key}", **values)


def _label(key: str, currency: Any) -> str:
    return f"{_word(key)}, {currency}" if currency else _word(key)


def _headline(result: ReconcileResult) -> Headline:
    figures: dict[str, Any] = dict(result.summary)
    due = money(figures["due"], figures["currency"])
    if not figures["payments"]:
        return Headline(_word("headline_none", due=due, documents=figures["documents"]), _word("sub", **figures))
    sentence = _word(
        "headline",
        paid=money(figures["paid"]),
        due=due,
        unpaid=figures["unpaid_documents"],
        partly=figures["partly_documents"],
        loose=figures["unmatched_payments"],
    )
    return Headline(sentence, _word("sub", **figures))


def _states(result: ReconcileResult) -> Grid:
    documents, currency = result.tables["documents"], result.summary["currency"]
    rows: list[list[Cell]] = []
    for state in (*_STATES, "cancelled", "open"):
        of = documents.filter(state=state)
        if state in _STATES or (of.height and of["paid"].sum()):
            open_ = of["balance"].sum() if state in _STATES else None
            rows.append([_word(f"state.{state}"), of.height, of["amount"].sum(), of["paid"].sum(), open_])
    columns = [
        Col(_word("documents")),
        Col(_word("number"), "int"),
        Col(_label("amount", currency), "money"),
        Col(_word("paid"), "money"),
        Col(_word("balance"), "money"),
    ]
    return Grid(_word("documents_title"), columns, rows)


def _received(result: ReconcileResult) -> Grid:
    payments, currency = result.tables["payments"], result.summary["currency"]
    rows: list[list[Cell]] = [
        [_word(f"became.{state}"), payments.filter(state=state).height, payments[state].sum()]
        for state in ("matched", "allocated", "unmatched")
    ]
    columns = [Col(_word("payments")), Col(_word("number"), "int"), Col(_label("amount", currency), "money")]
    return Grid(_word("payments_title", received=money(result.summary["received"] or 0)), columns, rows)  # type: ignore[arg-type]


def _owing(result: ReconcileResult) -> Iterator[Block]:
    """The documents with most left to pay, and the largest payments that belong to nothing."""
    import polars as pl

    currency = result.summary["currency"]
    owing = result.tables["documents"].filter(pl.col("state").is_in(["unpaid", "partly"]))
    owing = owing.sort("balance", "days_overdue", "kind", "document_id", descending=[True, True, False, False])
    if owing.height:
        columns = [
            Col(_word("document")),
            Col(_word("customer"), max=28),
            Col(_word("on"), priority=1),
            Col(_word("days"), "int"),
            Col(_label("balance", currency), "money"),
        ]
        rows = [
            [
                f"{_word(row['kind'])} {row['document_id']}",
                row["party"],
                str(row["on"] or ""),
                row["days_overdue"],
                row["balance"],
            ]
            for row in owing.head(SHOWN).iter_rows(named=True)
        ]
        yield Grid(_word("owing_title"), columns, rows, more=max(0, owing.height - SHOWN))
    loose = result.tables["payments"].filter(pl.col("unmatched") != 0)
    loose = loose.sort(pl.col("unmatched").abs(), "payment_id", descending=[True, False])
    if loose.height:
        columns = [
            Col(_word("payment")),
            Col(_word("customer"), max=28),
            Col(_label("amount", currency), "money"),
            Col(_word("why")),
            Col(_word("purpose"), max=40, priority=2),
        ]
        rows = [
            [
                str(row["paid_on"] or ""),
                row["party"],
                row["unmatched"],
                _word(f"reason.{row['reason']}"),
                row["purpose"],
            ]
            for row in loose.head(SHOWN).iter_rows(named=True)
        ]
        yield Grid(_word("loose_title"), columns, rows, more=max(0, loose.height - SHOWN))


def _sources(result: ReconcileResult) -> Grid:
    again = result.tables["sources"]["again"].sum()
    columns = [
        Col(_word("source"), max=32),
        Col(_word("what")),
        Col(_word("rows"), "int", priority=2),
        Col(_word("rejected"), "int", priority=1),
        Col(_word("records"), "int"),
        *([Col(_word("again"), "int", priority=1)] if again else []),
        Col(_word("counted"), "int"),
        Col(_word("customers"), "int"),
        Col(_label("amount", result.summary["currency"]), "money"),
    ]
    names = ("rows", "rejected", "records", *(["again"] if again else []), "counted", "customers", "amount")
    found = result.tables["sources"].iter_rows(named=True)
    rows = [[row["source"], _word(f"kind.{row['kind']}"), *(row[name] for name in names)] for row in found]
    return Grid(_word("sources_title"), columns, rows)


def _differences(result: ReconcileResult) -> Grid:
    import polars as pl

    grouped = (
        result.tables["differences"]
        .group_by("level", "missing_from", "reason")
        .agg(pl.len().cast(pl.Int64).alias("n"), pl.col("amount").sum())
        .sort("level", "missing_from", pl.col("n"), "reason", descending=[False, False, True, False])
    )
    columns = [
        Col(_word("missing_from"), max=32),
        Col(_word("what")),
        Col(_word("number"), "int"),
        Col(_word("why")),
        Col(_label("amount", result.summary["currency"]), "money", priority=1),
    ]
    rows = [
        [
            row["missing_from"] if row["level"] == "customer" else _word(f"in.{row['missing_from']}"),
            _word(f"level.{row['level']}"),
            row["n"],
            _word(f"reason.{row['reason']}"),
            row["amount"] or None,
        ]
        for row in grouped.iter_rows(named=True)
    ]
    return Grid(_word("differences_title"), columns, rows[: 2 * SHOWN], more=max(0, len(rows) - 2 * SHOWN))


def _steps(result: ReconcileResult, command: str) -> Iterator[tuple[str, str]]:
    figures: dict[str, Any] = dict(result.summary)
    if not figures["payments"]:
        yield f"{command} statement.csv", _word("next.payments")
        return
    late = (figures["unpaid_documents"] or 0) + (figures["partly_documents"] or 0)
    if late:
        yield f"{command} -o - | grep -E 'unpaid|partly'", _word("next.owing", documents=late)
    if figures["unmatched_payments"]:
        yield f"{command} --format csv", _word("next.loose", payments=figures["unmatched_payments"])
    yield f'{command} --fail-on "unmatched_share>1%"', _word("next.gate")
