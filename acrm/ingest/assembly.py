"""From staged sources to canonical tables: who is who, what several files tell twice, what deals have sold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from acrm.ingest import deals, grain, orders, overlap, overrides
from acrm.ingest.filled import without_unfilled
from acrm.ingest.linkage.pairs import probable
from acrm.ingest.mapping import Plan
from acrm.ingest.options import IngestOptions
from acrm.ingest.people import golden, identity, mentions, privacy, review
from acrm.ingest.raw import ROW
from acrm.ingest.stage import Staged
from acrm.lineage import SHEET
from acrm.messages import Message
from acrm.schema import LINEAGE, TABLES

if TYPE_CHECKING:
    from acrm.ingest.dataset import Input

IDENTITIES = "identities"


@dataclass(kw_only=True)
class Assembled:
    """Canonical tables, lazily; who was joined; what is to be said of it."""

    tables: dict[str, pl.LazyFrame]
    links: pl.DataFrame
    shared: pl.DataFrame
    notes: list[Message] = field(default_factory=list)
    from_deals: bool = False
    """Whether the transactions are the won deals, for want of an orders file."""
    review: pl.DataFrame | None = None
    """Pairs of customers that a person should look at, after likeness was asked for."""
    identities: pl.DataFrame | None = None
    """Every way in which a source names its customers, with the customer it became; None when nobody was named."""


def wanted(plan: Plan, columns: Mapping[str, frozenset[str]] | None) -> bool:
    """Whether a table is one of those asked for, or makes one of them."""
    return columns is None or plan.entity in columns or plan.entity in ("customers", "deals")


def as_stored(stored: Mapping[str, list[pl.LazyFrame]]) -> Assembled:
    """The tables of one store that is read by itself: who is who and what is told twice was settled before."""
    tables, from_deals = {name: frames[0] for name, frames in stored.items()}, False
    if "transactions" in tables:
        first = tables["transactions"].select("_flags").head(1).collect()
        # Sales that were made of deals stand there only where no others do.
        from_deals = bool(first.select(_from_deal().any()).item())
        if first.is_empty():
            del tables["transactions"]
    return Assembled(
        tables=tables,
        links=pl.DataFrame(schema=identity.LINKS),
        shared=pl.DataFrame(schema=identity.SHARED),
        from_deals=from_deals,
    )


def as_asked(
    made: Assembled, columns: Mapping[str, frozenset[str]] | None, asked: frozenset[str]
) -> dict[str, pl.LazyFrame]:
    """The tables as an analysis reads them, whether they are made of exports or stored: see `dataset.load`."""
    tables = without_unfilled(made.tables, columns, asked)
    # Deals that nothing was sold by make no sales: a store of them has none either.
    if made.from_deals and tables["transactions"].head(1).collect().is_empty():
        del tables["transactions"]
    return tables


def assemble(
    inputs: list[Input],
    stored: Mapping[str, list[pl.LazyFrame]],
    aside: Mapping[str, pl.LazyFrame],
    ledger: Mapping[str, str],
    columns: Mapping[str, frozenset[str]] | None,
    options: IngestOptions,
    scratch: Path,
) -> Assembled:
    """Tables of all staged sources and of what stores hold.

    Args:
        inputs: The sources; their `merged`, `derived` and `rejected` rows are counted here.
        stored: Tables of stores.
        aside: Links and identities of stores.
        ledger: The system of every file that the stores were made of.
        columns: See `dataset.load`.
        options: What the user fixed.
        scratch: See `dataset.load`.
    """
    staged = [source for source in inputs if source.staged is not None]
    space = _Space([source.staged for source in staged if source.staged], aside.get(IDENTITIES), options)
    named = [
        (source, source.staged, _referenced(source, source.staged, space, options))
        for source in staged
        if source.staged
    ]
    systems = {source.name: source.plan.system for source in staged} | dict(ledger)
    who, doubtful = _who(named, space, aside, systems, columns, options)
    references = None if who is None or space.simple else who.references.lazy()
    gathered: dict[str, list[tuple[str | None, pl.LazyFrame]]] = {}
    notes: list[Message] = []
    for source, table, good in named:
        if table.plan.entity == "customers" or not wanted(table.plan, columns):
            continue
        made = grain.parts(table, good, references)
        source.merged, source.derived = made.merged, made.derived
        notes += made.notes
        if columns is None:
            source.orders, source.deals = _told(made.tables, "transactions"), _told(made.tables, "deals")
        for name, frame in made.tables.items():
            keyed = table.plan.has("deals.deal_id") or table.plan.has("transactions.order_id")
            system = table.plan.system if keyed else None
            known = _identified(frame, references)
            if name == "transactions":
                known = known.with_columns(pl.lit(table.plan.system).alias(overlap.SPACE))
            # Small rows are in memory anyway; of thousands of files their plans would take more of it than they do.
            known = known if table.large else known.collect().lazy()
            gathered.setdefault(name, []).append((system, known))
    stored = {
        name: [_known_by(frame, references, space) for frame in frames]
        for name, frames in stored.items()
        if name != "customers" or who is None
    }
    told = list(gathered.get("deals", []))
    sold = _with_stored(gathered, stored, ledger, scratch)
    tables = {name: overlap.once(name, frames, notes, scratch) for name, frames in gathered.items()}
    if "deals" in tables:
        tables["deals"] = deals.standing(tables["deals"]).drop(deals.SOLD_ON, strict=False)
    tables |= orders.across(tables, len(gathered.get("transactions", [])), notes)
    lines = tables.pop("deal_lines", None)
    from_deals = "transactions" not in tables and (bool(told) or sold is not None)
    if from_deals:
        tables["transactions"] = _sales(told, lines, _still_sold(sold, tables.get("deals")), options.time_zone, scratch)
        notes += deals.unsold(tables.get("deals"), lines)
        notes += deals.differing(tables["transactions"], lines)
    if "transactions" in tables:
        tables["transactions"] = _with_order_ids(tables["transactions"])
    if who is not None and (columns is None or "customers" in columns or not space.simple):
        tables["customers"] = who.customers
        notes += _said(who)
    return Assembled(
        tables=tables,
        links=pl.DataFrame(schema=identity.LINKS) if who is None else who.links,
        shared=pl.DataFrame(schema=identity.SHARED) if who is None else who.shared,
        notes=notes,
        from_deals=from_deals,
        identities=None if who is None else identity.told(who),
        review=doubtful,
    )


def _told(tables: Mapping[str, pl.LazyFrame], name: str) -> int:
    """How many orders or deals a file tells of; a row without a number is one of its own."""
    key = overlap.KEYS[name][0]
    if name not in tables:
        return 0
    if key not in tables[name].collect_schema().names():
        return int(tables[name].select(pl.len()).collect().item())
    count = pl.col(key).drop_nulls().n_unique() + pl.col(key).null_count()
    return int(tables[name].select(count).collect(engine="streaming").item())


def _who(
    named: list[tuple[Input, Staged, pl.LazyFrame]],
    space: _Space,
    aside: Mapping[str, pl.LazyFrame],
    systems: Mapping[str, str],
    columns: Mapping[str, frozenset[str]] | None,
    options: IngestOptions,
) -> tuple[identity.Identity | None, pl.DataFrame | None]:
    """Who the customers are, None where nobody is named or asked for; and the pairs left to decide."""
    people = [(table, good) for _, table, good in named if mentions.names_customers(table.plan)]
    asked = space.asked or options.key is not None
    idle = space.simple and columns is not None and "customers" not in columns
    if idle or not (people or (asked and IDENTITIES in aside)):
        return None, None
    said = space.mentions(people)
    prefer = overrides.preference(options, said["_source_file"].unique().to_list(), systems)
    if space.simple:
        who, doubtful = identity.listed(said, prefer), None
    else:
        who, doubtful = _resolved(said, aside.get("links"), options, prefer)
    return (privacy.sealed(who, options.key) if options.key else who), doubtful


def _resolved(
    said: pl.DataFrame, kept: pl.LazyFrame | None, options: IngestOptions, prefer: golden.Preference
) -> tuple[identity.Identity, pl.DataFrame | None]:
    """Who is who by all rules, by what was decided, and, where asked for, by likeness; and the pairs left to decide."""
    decided = review.decided(options.decisions)
    decided = privacy.pairs(decided, options.key) if options.key else decided
    known = said["ref"].implode()
    idle = decided.filter(~(pl.col("ref").is_in(known) & pl.col("anchor").is_in(known))).height
    extra = pl.concat([review.kept(kept), decided]).unique(["ref", "anchor"], keep="last", maintain_order=True)
    who, doubtful = identity.resolve(said, extra, prefer), None
    if options.key and kept is not None and (lost := privacy.lost(kept, who)).height:
        who = identity.resolve(said, pl.concat([extra, lost]), prefer)
    if options.link:
        records = review.records(who)
        joined, rest = review.sorted_out(probable(records), who, extra)
        who = identity.resolve(said, pl.concat([extra, joined]), prefer)
        doubtful = review.to_decide(rest, who, records)
    who.idle_decisions = idle
    return who, doubtful


class _Space:
    """How the customers of a run are told apart: by the ids of one system alone (`simple`), or by references."""

    def __init__(self, staged: list[Staged], known: pl.LazyFrame | None, options: IngestOptions) -> None:
        self.asked = bool(options.link or options.decisions or options.prefer or options.known_at)
        """Whether the customers of a store are to be made anew even if no file says anything of them."""
        # A store read by itself knows who is who.
        known = known if staged or self.asked or options.key is not None else None
        self._known = known
        columns = [] if known is None else known.collect_schema().names()
        kinds = [] if known is None else known.select(mentions.kind_of("ref")).unique().collect().to_series().to_list()
        self.system = kinds[0].split(":")[1] if len(kinds) == 1 and kinds[0].startswith("id:") else "unknown"
        """The system of rows in a store that say no more of their customer than an id."""
        systems = {table.plan.system for table in staged if mentions.names_customers(table.plan)}
        one = not kinds or (systems <= {self.system} and len(kinds) == 1 and not mentions.KEYS & set(columns))
        self.simple = mentions.by_id_alone(staged) and one and not (options.link or options.decisions)

    def by_id(self) -> pl.LazyFrame:
        """A reference for every customer id of the stores."""
        if self._known is None:
            return pl.LazyFrame(schema={"customer_id": pl.String, "ref": pl.String})
        return self._known.group_by("customer_id").agg(pl.col("ref").min())

    def mentions(self, people: list[tuple[Staged, pl.LazyFrame]]) -> pl.DataFrame:
        """Everything that is said of customers: what a store keeps first, then what this run's files say."""
        new = [mentions.of(table, good, simple=self.simple) for table, good in people]
        return mentions.merged(None if self._known is None else self._known.drop("customer_id").collect(), new)


def _said(who: identity.Identity) -> list[Message]:
    notes = []
    if who.unnamed_rows:
        notes.append(Message("clean.nobody", {"rows": who.unnamed_rows}))
    if who.idle_decisions:
        notes.append(Message("clean.idle_decisions", {"pairs": who.idle_decisions}))
    if who.chains:
        notes.append(Message("clean.chains", {"joins": who.chains}))
    return notes


def _with_stored(
    gathered: dict[str, list[tuple[str | None, pl.LazyFrame]]],
    stored: Mapping[str, list[pl.LazyFrame]],
    ledger: Mapping[str, str],
    scratch: Path,
) -> pl.LazyFrame | None:
    """Put the rows of stores before the new ones, but for sales that came from deals, which are returned."""
    sold: list[tuple[str | None, pl.LazyFrame]] = []
    for name, frames in stored.items():
        rows = frames
        if name == "transactions":
            sold = [(overlap.STORE, frame.filter(_from_deal())) for frame in frames]
            rows = [_of_systems(overlap.unnamed(frame.filter(~_from_deal())), ledger) for frame in frames]
            rows = [frame for frame in rows if frame.head(1).collect().height]
        if rows:
            gathered[name] = [*((overlap.STORE, frame) for frame in rows), *gathered.get(name, [])]
    return overlap.once("transactions", sold, [], scratch) if sold else None


def _from_deal() -> pl.Expr:
    return pl.col("_flags").str.contains("from_deal").fill_null(False)


def _of_systems(lines: pl.LazyFrame, ledger: Mapping[str, str]) -> pl.LazyFrame:
    """Lines of a store with the system that each is from."""
    file = pl.col("_source_file").str.replace(SHEET, "")
    system = (
        file.replace_strict(dict(ledger), default="unknown", return_dtype=pl.String) if ledger else pl.lit("unknown")
    )
    return lines.with_columns(system.alias(overlap.SPACE))


def _still_sold(sold: pl.LazyFrame | None, known: pl.LazyFrame | None) -> pl.LazyFrame | None:
    """The sales of a store's deals, of the deals that still are."""
    if sold is None or known is None:
        return sold
    kept = known.select(pl.col("deal_id").alias("order_id")).unique()
    return sold.join(kept, on="order_id", how="semi", maintain_order="left")


def _sales(
    told: list[tuple[str | None, pl.LazyFrame]],
    lines: pl.LazyFrame | None,
    sold: pl.LazyFrame | None,
    zone: str | None,
    scratch: Path,
) -> pl.LazyFrame:
    """Won deals as transactions; those of a store stay as they are, unless a file tells of the deal again."""
    frames = [] if sold is None else [sold]
    if told:
        known = deals.standing(overlap.once("deals", told, [], scratch))
        again = known.select(pl.col("deal_id").alias("order_id"))
        frames = [frame.join(again, on="order_id", how="anti", maintain_order="left") for frame in frames]
        frames.append(grain.sales_of_deals(known, lines, zone))
    return pl.concat(frames, how="diagonal")


def _referenced(source: Input, table: Staged, space: _Space, options: IngestOptions) -> pl.LazyFrame:
    """The good rows with the reference of their customer; rows of a customer list that name nobody are rejected."""
    good = mentions.referenced(table, space.simple)
    if options.key:
        # From here on nobody is known but by codes, so that what a store keeps and what a file says are the same.
        good = privacy.coded(good, table.plan.entity, options.key, simple=space.simple)
        good = good if table.large else good.collect().lazy()
    if table.plan.entity != "customers":
        return good
    nobody = good.filter(pl.col("ref").is_null()).select(ROW, rule=pl.lit("missing_key")).collect()
    if nobody.height:
        table.reject(nobody)
        source.rejected = table.rejects.height
    return good.filter(pl.col("ref").is_not_null())


def _identified(frame: pl.LazyFrame, references: pl.LazyFrame | None) -> pl.LazyFrame:
    """Replace the rows' customer references by customer ids; the reference stays beside them as `_ref`."""
    names = frame.collect_schema().names()
    if references is None or "customer_id" not in names:
        return frame
    renamed = references.rename({"customer_id": "_who"})
    joined = frame.join(renamed, left_on="customer_id", right_on="ref", how="left", maintain_order="left")
    return joined.with_columns(_ref=pl.col("customer_id"), customer_id=pl.col("_who")).select(*names, "_ref")


def _known_by(frame: pl.LazyFrame, references: pl.LazyFrame | None, space: _Space) -> pl.LazyFrame:
    """Rows of a store, their customers as this run knows them."""
    names = frame.collect_schema().names()
    if references is None or "customer_id" not in names:
        return frame
    # Rows of a store that knew its customers by their ids alone carry no reference.
    by_id = space.by_id().rename({"ref": "_by_id"})
    frame = frame.join(by_id, on="customer_id", how="left", maintain_order="left")
    ref = pl.coalesce("_ref", "_by_id") if "_ref" in names else pl.col("_by_id")
    known = frame.with_columns(customer_id=ref, _was=pl.col("customer_id")).drop("_ref", "_by_id", strict=False)
    found = _identified(known, references)
    lost = pl.col("_ref").is_null()
    return found.with_columns(customer_id=pl.when(lost).then("_was").otherwise("customer_id")).drop("_was")


def _with_order_ids(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Make order ids where a source has none: each row an order, `customer/time/n`, the same whatever the row order."""
    have = lines.collect_schema().names()
    if "order_id" not in have:
        lines = lines.with_columns(order_id=pl.lit(None, pl.String))
        known = None
    else:
        known = lines.filter(pl.col("order_id").is_not_null())
        if not lines.filter(pl.col("order_id").is_null()).head(1).collect().height:
            return lines
    ordered = [*(name for name in TABLES["transactions"].names if name in have), *sorted(have)]
    content = [name for name in dict.fromkeys(ordered) if name not in (*LINEAGE, "_flags", "order_id")]
    first = [name for name in ("customer_id", "ordered_at") if name in have]
    rest = [name for name in content if name not in first]
    made = lines.filter(pl.col("order_id").is_null()).sort(*first, *rest, nulls_last=True).with_row_index("_n")
    start = pl.col("_n").min().over(first)
    stamp = pl.col("ordered_at").dt.strftime("%Y-%m-%dT%H:%M:%S").str.strip_suffix("T00:00:00")
    order_id = pl.concat_str(
        pl.col("customer_id").fill_null("-"), stamp, (pl.col("_n") - start + 1).cast(pl.String), separator="/"
    )
    flags = pl.concat_str([pl.col("_flags"), pl.lit(overlap.MADE_ID)], separator=" ", ignore_nulls=True)
    made = made.with_columns(order_id=order_id, _flags=flags).drop("_n")
    return made if known is None else pl.concat([known, made], how="diagonal")
