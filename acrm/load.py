"""From a command's sources and options to the tables an analysis takes, with their lineage."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from acrm.engine import collect
from acrm.errors import InputError, UsageError
from acrm.ingest import account, overrides
from acrm.ingest.currency import in_one_currency
from acrm.ingest.dataset import Dataset, load
from acrm.ingest.receipts import receipts
from acrm.ingest.sources import folders
from acrm.ingest.vocabulary import fold, normalise
from acrm.lineage import Lineage
from acrm.load_lines import order_lines, orders_kept
from acrm.messages import Message, listed
from acrm.publish import reading as held
from acrm.summaries.customers import contactable, customers_of
from acrm.where import names_in, where

if TYPE_CHECKING:
    from acrm.engine import Cluster
    from acrm.options import Reading, Run, Selecting

SALES = frozenset(
    {"order_id", "customer_id", "ordered_at", "ordered_on", "line_amount", "currency", "status", "is_refund", "is_test"}
)
"""Columns of transactions that value and time analyses need."""


@dataclass(frozen=True, kw_only=True)
class Sales:
    """Order lines ready for an analysis: selected, in one currency where that was asked for."""

    lines: pl.LazyFrame
    dataset: Dataset
    ledger: pl.LazyFrame | None = None
    """The orders of the lines, as far as they stand ready in a store."""
    selected: tuple[Message, ...] = ()
    refusing: int = 0
    """Customers who refuse contact, as far as the sources say so."""

    @property
    def orders(self) -> pl.LazyFrame:
        """The lines, or their ledger: what is enough where orders and days are asked for."""
        return self.lines if self.ledger is None else self.ledger

    def counted(self) -> dict[str, int | float]:
        """What every summary says first: the rows of the sources, and how many of them were rejected."""
        rows, rejected = self.dataset.rows_in, self.dataset.rejects.height
        return {"rows_in": rows, "rejected": rejected, "rejected_share": round(rejected / rows, 6) if rows else 0.0}

    def notes(self) -> tuple[Message, ...]:
        """What reading the sources has to say."""
        counted = self.counted()
        rejected = (Message("clean.rejected_note", counted),) if counted["rejected"] else ()
        refuse = (Message("score.refuse", {"customers": self.refusing}),) if self.refusing else ()
        return (*rejected, *self.dataset.notes, *self.selected, *refuse)

    def lineage(self, run: Run, **known: Any) -> Lineage:
        """Where the run's results come from; `known` sets fields such as `as_of`."""
        return replace(account.lineage(self.dataset, run.command, run.options), **known)


def undisturbed(sources: Sequence[str]) -> AbstractContextManager[None]:
    """Keep stores among the sources as they are while they are read; one whose last run died is put in order first."""
    return held(folders(sources))


def settled(run: Run, reading: Reading, dataset: Dataset) -> None:
    """Refuse what was typed about the exports and meets none of them.

    Raises:
        UsageError: A `--table` names no export, or a `--map` speaks of stores.
    """
    typed = [name for name, (_, origin) in run.options.items() if origin == "flag"]
    overrides.check_typed(reading.ingest(), typed, [source.raw for source in dataset.inputs])


def sales(
    sources: Sequence[str],
    command: str,
    reading: Reading,
    selecting: Selecting,
    scratch: Path,
    cluster: Cluster | None = None,
) -> Sales:
    """The transactions of some sources.

    Raises:
        InputError: No source is, or makes, a transactions table.
    """
    named = names_in(selecting.where)
    columns = {"transactions": SALES | named}
    if selecting.where:
        columns["customers"] = named
    dataset = load(sources, reading.ingest(), scratch, columns, named, in_place=cluster is not None)
    dataset.require("transactions", command)
    return _selected(dataset, reading, selecting, cluster, ("line_amount",))


def _selected(
    dataset: Dataset, reading: Reading, selecting: Selecting, cluster: Cluster | None, amounts: tuple[str, ...]
) -> Sales:
    """The order lines that are asked for, and their ledger where one stands ready."""
    lines = order_lines(dataset, reading, selecting, cluster)
    lines, notes = in_one_currency(lines, amounts, selecting.currency, selecting.rates)
    return Sales(
        lines=lines,
        dataset=dataset,
        ledger=orders_kept(dataset, selecting, cluster),
        selected=notes,
        refusing=_refusing(dataset),
    )


_BOUGHT = SALES | {"product_id", "product_name"}
_DONE = frozenset({"kind", "started_at", "customer_id", "page", "campaign", "source"})


def events(
    sources: Sequence[str], command: str, reading: Reading, selecting: Selecting, scratch: Path, table: str
) -> Sales:
    """The order lines of some sources, with what else customers did; `--where` chooses rows of `table`.

    Where there are no orders beside interactions, the lines are those of no order.

    Raises:
        InputError: No source is, or makes, the table.
    """
    named = names_in(selecting.where)
    columns = {"transactions": _BOUGHT | named, "interactions": _DONE | named}
    if selecting.where:
        columns["customers"] = named
    dataset = load(sources, reading.ingest(), scratch, columns, named)
    dataset.require(table, command)
    chosen = where(dataset.tables, table, selecting.where)
    if table != "transactions":
        dataset = replace(dataset, tables={**dataset.tables, table: chosen})
        chosen = dataset.tables.get("transactions", pl.LazyFrame())
        if "transactions" not in dataset.tables:
            return Sales(lines=chosen, dataset=dataset, refusing=_refusing(dataset))
    lines, notes = in_one_currency(chosen, ("line_amount",), selecting.currency, selecting.rates)
    return Sales(lines=lines, dataset=dataset, selected=notes, refusing=_refusing(dataset))


WORTH = SALES | {"cost", "discount", "quantity", "product_id", "channel", "campaign", "coupon"}
"""Columns of transactions that tell what customers brought, cost and came by."""
_BESIDE = {
    "products": frozenset({"product_id", "cost"}),
    "service_costs": frozenset({"period", "cost", "customer_id", "segment", "activity"}),
    "interactions": frozenset({"kind", "started_at", "customer_id"}),
    "campaigns": frozenset({"date", "campaign", "spend", "currency", "source"}),
    "deals": frozenset({"deal_id", "customer_id", "status", "created_at", "source"}),
    "contracts": frozenset(
        {"customer_id", "start_at", "end_at", "renewal_at", "plan", "price", "currency", "end_reason"}
    ),
}


def worth(
    sources: Sequence[str],
    reading: Reading,
    selecting: Selecting,
    scratch: Path,
    by: Sequence[str],
    cluster: Cluster | None = None,
) -> Sales:
    """The order lines of some sources, in one currency, with what else tells of their customers' value.

    Where there are none, the dataset's contracts or other tables are what there is, and the lines are empty.

    Args:
        sources: Files, folders or stores.
        reading: How sources are read.
        selecting: Which rows count.
        scratch: A folder for what is made on the way.
        by: Further columns of customers or transactions that are wanted.
        cluster: What reads the order lines, if not this machine.
    """
    named = names_in(selecting.where) | frozenset(by)
    people = frozenset({"customer_id", "household_id", "company_id", "source", "consent"})
    columns = {"transactions": WORTH | named, "customers": people | named, **_BESIDE}
    columns["contracts"] |= named
    dataset = load(sources, reading.ingest(), scratch, columns, named, in_place=cluster is not None)
    if cluster:
        dataset.require("transactions", "clv")
    if not {"contracts", "transactions"} & set(dataset.tables):
        # A table that fits none of ours may tell how many customers of a cohort were left.
        aside = load(sources, reading.ingest(), _inside(scratch), None, named)
        dataset = aside if any(name.startswith("other_") for name in aside.tables) else dataset
    if "transactions" not in dataset.tables:
        return Sales(lines=pl.LazyFrame(), dataset=dataset, refusing=_refusing(dataset))
    return _selected(dataset, reading, selecting, cluster, ("line_amount", "cost", "discount"))


BASKETS = SALES | {"product_id", "product_name", "category", "quantity", "cost"}
"""Columns of transactions that tell what was bought."""
_SHELVES = {
    "products": frozenset({"product_id", "name", "category", "cost", "is_active"}),
    "stock": frozenset({"product_id", "unit", "date", "quantity", "value"}),
}


def baskets(
    sources: Sequence[str],
    command: str,
    reading: Reading,
    selecting: Selecting,
    scratch: Path,
    by: Sequence[str] = (),
    *,
    anonymous: bool = False,
) -> Sales:
    """The order lines of some sources with their products, in one currency; what is in stock and who may be contacted.

    Args:
        sources: Files, folders or stores.
        command: Who asks.
        reading: How sources are read.
        selecting: Which rows count.
        scratch: A folder for what is made on the way.
        by: Further columns of customers, transactions or products that are wanted, with or without `x_`.
        anonymous: Customers are not needed; without transactions, receipts that tell of no days and amounts will do.

    Raises:
        InputError: No source says what was bought.
    """
    named = names_in(selecting.where) | {form for name in by for form in (name, f"x_{name}")}
    columns = {
        "transactions": BASKETS | named,
        "customers": frozenset({"customer_id", "consent"}) | named,
        **_SHELVES,
        "products": _SHELVES["products"] | named,
    }
    # What comes through a pipe comes but once.
    piped = anonymous and "-" in sources
    dataset = load(sources, reading.ingest(), scratch, None if piped else columns, named)
    if "transactions" not in dataset.tables and anonymous:
        whole = dataset if piped else load(sources, reading.ingest(), _inside(scratch), None, named)
        found = receipts(whole.tables, reading.ingest())
        if found is None:
            raise InputError("basket_no_receipts", files=listed(source.name for source in dataset.inputs))
        lines, note = found
        lines = where({"transactions": lines}, "transactions", selecting.where)
        return Sales(lines=lines, dataset=whole, selected=(note,))
    dataset.require("transactions", command)
    lines = where(dataset.tables, "transactions", selecting.where)
    lines, notes = in_one_currency(lines, ("line_amount", "cost"), selecting.currency, selecting.rates)
    # Nobody is named where customers are not needed.
    return Sales(lines=lines, dataset=dataset, selected=notes, refusing=0 if anonymous else _refusing(dataset))


def crowd(
    sources: Sequence[str],
    reading: Reading,
    selecting: Selecting,
    scratch: Path,
    columns: Sequence[str] = (),
    cluster: Cluster | None = None,
    wanted: frozenset[str] = frozenset(),
) -> Sales:
    """Everything that some sources tell of customers, with their order lines in one currency, if there are any.

    `--where` chooses order lines and their customers; by columns of customers, deals, contracts or a table that fits
    none of ours alone it chooses their rows, too; where it meets no table it is refused. A table that fits none of ours
    but has all of `columns` stands for the customers, its rows numbered.
    """
    own = names_in(selecting.where)
    dataset = load(sources, reading.ingest(), scratch, None, own | wanted | {*columns}, in_place=cluster is not None)
    if cluster:
        dataset.require("transactions", "churn")
    tables = dict(dataset.tables)
    asked = {fold(normalise(name)) for name in columns}
    for name, frame in tables.items() if asked else ():
        theirs = [one for one in frame.collect_schema().names() if one[0] != "_" and one != "row"]
        if name.startswith("other_") and asked <= {fold(normalise(one)) for one in theirs}:
            rows = where(tables, name, selecting.where).select(
                pl.col("row").cast(pl.String).alias("customer_id"), *(pl.col(one).alias(f"x_{one}") for one in theirs)
            )
            return Sales(lines=pl.LazyFrame(), dataset=replace(dataset, tables={"customers": rows}))
    if asked and not {"customers", "transactions"} & set(tables):
        known = [
            one for frame in tables.values() for one in frame.collect_schema().names() if one[0] != "_" and one != "row"
        ]
        raise InputError("drivers_no_table", columns=", ".join(columns), known=listed(known))
    customers = tables.get("customers")
    notes: tuple[Message, ...] = ()
    told = [name for name in tables if name in ("customers", "deals", "contracts") or name.startswith("other_")]
    apt = [name for name in told if own and own <= set(tables[name].collect_schema().names())]
    if own and not apt and "transactions" not in tables and tables:
        apt = told[:1] or [*tables][:1]
    tables |= {name: where(tables, name, selecting.where) for name in apt}
    if "transactions" in tables:
        lines, notes = in_one_currency(
            order_lines(dataset, reading, selecting, cluster),
            ("line_amount", "cost", "discount"),
            selecting.currency,
            selecting.rates,
        )
        tables["transactions"] = lines
        if customers is not None and own and "customers" not in apt:
            buyers = collect(customers_of(lines)).lazy()
            tables["customers"] = customers.join(buyers, on="customer_id", how="semi")
    dataset = replace(dataset, tables=tables)
    return Sales(
        lines=tables.get("transactions", pl.LazyFrame()), dataset=dataset, selected=notes, refusing=_refusing(dataset)
    )


def ways(
    sources: Sequence[str], reading: Reading, selecting: Selecting, scratch: Path, columns: Sequence[str] = ()
) -> Sales:
    """Everything that tells where customers came from: `crowd`, with deals and spend in one currency too.

    `--where` chooses rows of every table that has the columns it names, itself or by its customers; where there is no
    such table it is refused.
    """
    condition = None if columns else selecting.where
    wanted = names_in(condition)
    plain = replace(selecting, where=None) if condition else selecting
    found = crowd(sources, reading, plain, scratch, columns, wanted=wanted)
    tables, notes = dict(found.dataset.tables), found.selected
    if condition:
        theirs = set(tables["customers"].collect_schema().names()) if "customers" in tables else set()
        have = {name: set(frame.collect_schema().names()) for name, frame in tables.items()}
        known = {name: own | (theirs if "customer_id" in own else set()) for name, own in have.items()}
        apt = [name for name in tables if wanted <= known[name]] or [*tables][:1]
        tables |= {name: where(found.dataset.tables, name, condition) for name in apt}
    for name, amounts in (("deals", ("amount",)), ("campaigns", ("spend",))):
        if name in tables and {"currency", *amounts} <= set(tables[name].collect_schema().names()):
            tables[name], more = in_one_currency(tables[name], amounts, selecting.currency, selecting.rates)
            notes = (*notes, *more)
    return replace(found, dataset=replace(found.dataset, tables=tables), selected=notes)


def contracts(found: Sales, selecting: Selecting, by: str | None) -> tuple[pl.LazyFrame, tuple[Message, ...]]:
    """The contracts that were asked for, in one currency where that was asked for, and what was left out.

    `by`, where the contracts have no such column, is the customers'.
    """
    tables = found.dataset.tables
    chosen = where(tables, "contracts", selecting.where)
    notes: tuple[Message, ...] = ()
    names, customers = chosen.collect_schema().names(), tables.get("customers")
    if {"currency", "price"} <= set(names):
        chosen, notes = in_one_currency(chosen, ("price",), selecting.currency, selecting.rates)
    if by and by not in names and customers is not None and by in customers.collect_schema().names():
        chosen = chosen.join(customers.select("customer_id", by).unique("customer_id"), on="customer_id", how="left")
    return chosen, notes


def _inside(scratch: Path) -> Path:
    folder = scratch / "again"
    folder.mkdir()
    return folder


def _refusing(dataset: Dataset) -> int:
    customers = dataset.tables.get("customers")
    if customers is None or "consent" not in customers.collect_schema().names():
        return 0
    all_of_them, asked = pl.collect_all([frame.select(pl.len()) for frame in (customers, contactable(customers))])
    return int(all_of_them.item()) - int(asked.item())


def moment(word: str) -> date | None:
    """The date a `--compare` word names, None when it names a file or a store."""
    try:
        return date.fromisoformat(word)
    except ValueError:
        if not Path(word).exists():
            raise UsageError("compare_what", value=word) from None
        return None


def toml_file(path: str) -> Mapping[str, Any]:
    """The content of a user's TOML file.

    Raises:
        InputError: It is not there, or not TOML.
    """
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise InputError("no_file", path=path) from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError("bad_toml", path=path, reason=error) from error
