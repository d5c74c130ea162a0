"""Who is who: the customer of every reference, one record per customer, and every join with its reason."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from acrm.ingest.people import golden, joins
from acrm.ingest.people.mentions import KINDS
from acrm.ingest.people.names import alike, nobody
from acrm.schema import LINEAGE

LINKS = {
    "customer_id": pl.String,
    "one": pl.String,
    "other": pl.String,
    "rule": pl.String,
    "probability": pl.Float64,
    "evidence": pl.String,
}
APART = "apart"
"""Rule of a pair that somebody decided is two customers."""
SHARED = {"kind": pl.String, "value": pl.String, "ids": pl.Int64}
_SAME_SPACE = 0.5
"""Share of ids that two files have in common when they speak of the same customers."""
_PAIR = (
    pl.min_horizontal("ref", "anchor").alias("one"),
    pl.max_horizontal("ref", "anchor").alias("other"),
    "rule",
    "probability",
    pl.col("value").alias("evidence"),
)
EXTRA = joins.EDGE | {"probability": pl.Float64}
_COMPARED = 500
"""So many ids are compared to see whether two systems mean the same people by them."""


@dataclass(kw_only=True)
class Identity:
    """Who is who: the customers, the customer of every reference, and the joins with their rules."""

    customers: pl.LazyFrame
    references: pl.DataFrame
    """ref, customer_id; no customer_id where the name of a reference says that the customer is unknown."""
    links: pl.DataFrame
    """`LINKS`: two references of one customer, and why; or, by the rule `APART`, of two customers."""
    shared: pl.DataFrame
    """kind, value, ids: contact values that too many ids share."""
    mentions: pl.DataFrame
    """The evidence, for later runs: as given, without what a later customer list said anew."""
    unnamed_rows: int = 0
    """Rows whose customer is nobody in particular."""
    idle_decisions: int = 0
    """Decisions about customers that are not there."""
    chains: int = 0
    """Joins refused because they would have made one customer of too many."""


def listed(mentions: pl.DataFrame, prefer: golden.Preference | None = None) -> Identity:
    """The customers of tables that know them by the ids of one system alone: nobody to join, one row per id."""
    references = mentions.select("ref").unique().with_columns(customer_id=_bare()).sort("ref")
    customers = golden.records(mentions, references, pl.DataFrame(schema=joins.EDGE), prefer).drop("external_id")
    return Identity(
        customers=customers,
        references=references,
        links=pl.DataFrame(schema=LINKS),
        shared=pl.DataFrame(schema=SHARED),
        mentions=mentions,
    )


def resolve(
    mentions: pl.DataFrame, extra: pl.DataFrame | None = None, prefer: golden.Preference | None = None
) -> Identity:
    """Join the customers of all tables.

    A customer is called by the surest of its references (an id before an e-mail, a phone, …, a name), the shortest of
    these, the first of these. The same id text in two systems names two customers: the later system's carries its name.

    Args:
        mentions: As `mentions.of` gives them, of all tables, those of a store first.
        extra: Further pairs (`EXTRA`): decided or likely joins, and by the rule `APART` pairs that are two customers.
        prefer: See `golden.records`.
    """
    extra = pl.DataFrame(schema=EXTRA) if extra is None else extra
    known = mentions.select("ref").unique()
    extra = extra.join(known, on="ref", how="semi").join(known, left_on="anchor", right_on="ref", how="semi")
    further = pl.concat([same_ids(mentions), extra.filter(pl.col("rule") != APART).select(*joins.EDGE)])
    different = extra.filter(rule=APART).select("ref", "anchor").rows()
    joined = joins.join(mentions, further, different)
    best = (
        joined.groups.with_columns(
            rank=pl.col("ref")
            .str.extract(r"^(\w+):")
            .replace_strict({kind: place for place, kind in enumerate(KINDS)}),
            system=_system(),
            bare=_bare(),
        )
        .sort("group", "rank", pl.col("bare").str.len_chars(), "bare", "system", nulls_last=True)
        .with_columns(first=pl.int_range(pl.len()).over("group") == 0)
    )
    chosen = _spelled(best.filter("first").select("group", "ref", "system", customer_id="bare"), mentions)
    for again in (pl.lit("also"), pl.concat_str(pl.lit("also"), pl.col("group").cast(pl.String))):
        clash = pl.int_range(pl.len()).over("customer_id", order_by="ref") > 0
        prefix = pl.coalesce("system", again)
        chosen = chosen.with_columns(
            customer_id=pl.when(clash).then(pl.concat_str(prefix, pl.lit(":"), "customer_id")).otherwise("customer_id"),
            system=pl.lit(None, pl.String),
        )
    references = best.select("ref", "bare", "group", "first").join(chosen.select("group", "customer_id"), on="group")
    unknown, rows = _nobodies(mentions, references)
    told = mentions.join(unknown, on="ref", how="anti")
    named = references.join(unknown, on="ref", how="anti")
    return Identity(
        customers=golden.records(told, named, joined.apart, prefer),
        references=references.select(
            "ref", customer_id=pl.when(~pl.col("ref").is_in(unknown["ref"].implode())).then("customer_id")
        ).sort("ref"),
        links=_links(named, joined.edges, extra),
        shared=joined.shared,
        mentions=mentions,
        unnamed_rows=rows,
        chains=joined.chains,
    )


def _bare(column: str = "ref") -> pl.Expr:
    return pl.col(column).str.replace(r"^(id:[^:]*|\w+):", "")


def _spelled(chosen: pl.DataFrame, mentions: pl.DataFrame) -> pl.DataFrame:
    """A customer known by name alone is called as the source spells the name, not by its folded key."""
    names = [pl.col(name) for name in ("full_name", "company") if name in mentions.columns]
    if not names:
        return chosen
    by_name = mentions.filter(pl.col("ref").str.starts_with("name:"))
    spelled = by_name.group_by("ref").agg(pl.coalesce(names).min().alias("spelled"))
    return (
        chosen.join(spelled, on="ref", how="left", maintain_order="left")
        .with_columns(customer_id=pl.coalesce("spelled", "customer_id"))
        .drop("spelled")
    )


def same_ids(mentions: pl.DataFrame) -> pl.DataFrame:
    """Joins by id between files of unknown systems and the system whose ids theirs are.

    A file that tells nothing of its system speaks of the ids of the system beside it when at least half of its ids, or
    half of the system's, are the same, and what both say of them (e-mails, phones, names) is not mostly different.
    """
    ids = mentions.select("ref").unique().with_columns(system=_system(), bare=_bare()).drop_nulls("system")
    strange = ids.filter(system="unknown")
    best, found = 0.0, strange.clear().with_columns(anchor=pl.lit(None, pl.String))
    for _, known in ids.filter(pl.col("system") != "unknown").sort("system").group_by("system", maintain_order=True):
        both = strange.join(known.select("bare", anchor="ref"), on="bare")
        share = both.height / max(1, min(strange.height, known.height))
        if share >= _SAME_SPACE and share > best and _agree(mentions, both):
            best, found = share, both
    return found.select("ref", "anchor", rule=pl.lit("id"), value="bare")


def _system() -> pl.Expr:
    return pl.col("ref").str.extract(r"^id:([^:]*):")


def _agree(mentions: pl.DataFrame, both: pl.DataFrame) -> bool:
    """Whether what two systems tell of the same ids is mostly the same, as far as both tell it."""
    pairs = both.sort("bare").head(_COMPARED)
    same = told = 0
    for column in ("email_key", "phone_e164", "full_name", "company"):
        if column not in mentions.columns:
            continue
        of = mentions.select("ref", column).drop_nulls().unique().group_by("ref").agg(pl.col(column).sort())
        compared = pairs.join(of, on="ref").join(of, left_on="anchor", right_on="ref", suffix="_of")
        for one, other in compared.select(column, f"{column}_of").iter_rows():
            told += 1
            same += any(a == b or ("name" in column and alike(a, b)) for a in one for b in other)
    return same * 2 >= told


def _nobodies(mentions: pl.DataFrame, references: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """References of which nothing is told but that the customer is unknown (`Розничный покупатель`), and their rows."""
    names = [pl.col(name) for name in ("full_name", "company") if name in mentions.columns]
    if not names:
        return references.select("ref").clear(), 0
    spelled = mentions.select(name=pl.coalesce(names)).drop_nulls().unique().to_series().sort()
    placeholders = [name for name in spelled if nobody(name)]
    contacts = [name for name in ("email_key", "phone_e164", "tax_id", "card_number") if name in mentions.columns]
    name = pl.coalesce(names)
    known = pl.any_horizontal(pl.col(column).is_not_null() for column in contacts) | ~name.is_in(placeholders)
    told = mentions.select("ref", "_times", "_master", known=known.fill_null(False), unknown=name.is_in(placeholders))
    groups = told.join(references.select("ref", "group"), on="ref")
    nobodies = (
        groups.group_by("group")
        .agg(pl.col("known").any(), pl.col("unknown").any())
        .filter(~pl.col("known") & pl.col("unknown"))
    )
    found = groups.join(nobodies, on="group", how="semi")
    return found.select("ref").unique(), int(found.filter(~pl.col("_master"))["_times"].sum())


def _links(references: pl.DataFrame, edges: pl.DataFrame, extra: pl.DataFrame) -> pl.DataFrame:
    """The pairs that made customers of references, and those that are known to make none."""
    likely = extra.select("ref", "anchor", "rule", "probability")
    told = edges.join(likely, on=["ref", "anchor", "rule"], how="left")
    apart = extra.filter(rule=APART).select(pl.lit(None, pl.String).alias("customer_id"), *_PAIR)
    # That a row by an e-mail alone belongs to who has the e-mail is no join of two records.
    new = ~pl.any_horizontal(_bare(side) == pl.col("value") for side in ("ref", "anchor"))
    joined = told.filter(new).join(references.select("ref", "customer_id"), on="ref").select("customer_id", *_PAIR)
    return pl.concat([joined, apart]).unique().sort(pl.all(), nulls_last=True)


def one_spelling(told: pl.LazyFrame) -> pl.LazyFrame:
    """The evidence with each customer's name spelled in one way, as far as all spellings may be one person's or firm's.

    What is one name in two alphabets or with initials is no contradiction between files.
    """
    have = told.collect_schema().names()
    for column in (name for name in ("full_name", "first_name", "middle_name", "last_name", "company") if name in have):
        names = told.select("customer_id", column).drop_nulls().unique()
        several = (
            names.group_by("customer_id").agg(pl.col(column).sort()).filter(pl.col(column).list.len() > 1).collect()
        )
        same = [(who, spelled[0]) for who, spelled in several.iter_rows() if all(alike(spelled[0], s) for s in spelled)]
        one = pl.LazyFrame(same, schema={"customer_id": pl.String, "_one": pl.String}, orient="row")
        told = told.join(one, on="customer_id", how="left").with_columns(
            pl.when(pl.col(column).is_not_null()).then(pl.coalesce("_one", column)).alias(column)
        )
        told = told.drop("_one")
    return told


def told(who: Identity) -> pl.DataFrame:
    """The evidence with the customer that each reference became: what a store keeps for the next run."""
    first = ["customer_id", "ref"]
    joined = who.mentions.join(who.references.select(*first), on="ref", how="left")
    rest = sorted(name for name in joined.columns if name not in first)
    # Where each reference is told of once, there is nothing more to sort by, which is dear. In which row of its source
    # something stands says nothing of it.
    keys = [*first, *sorted(rest, key=LINEAGE.__contains__)] if joined["ref"].is_duplicated().any() else first
    return joined.select(*first, *rest).sort(keys, nulls_last=True)
