"""Exact joining of customers: the same id, e-mail or phone is the same customer; every join keeps its rule."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from acrm.ingest.contacts import email_key, name_keys, phone_numbers
from acrm.ingest.mapping import Plan
from acrm.ingest.raw import ROW
from acrm.ingest.stage import Staged
from acrm.schema import TABLES, dtype

SHARED_BY = 5
"""A phone or e-mail that more customers than this have is a switchboard or an office address: it joins nobody."""
_TRAITS = tuple(
    name
    for name in TABLES["customers"].names
    if name not in ("customer_id", "external_id", "person_id", "household_id")
)
_LEGAL_FORM = (
    r"(?i)(?:^|[\s«\",(])(?:ооо|оао|зао|пао|ао|ип|тоо|чп|фгуп|муп|llc|ltd|inc|corp|gmbh|s\.?a\.?|ag|plc)"
    r"(?:$|[\s».\",)])"
)
_SEEN = {
    "transactions": "transactions.ordered_at",
    "deals": "deals.created_at",
    "interactions": "interactions.started_at",
    "customers": "customers.created_at",
}


@dataclass(kw_only=True)
class Identity:
    """Who is who: the customers, the customer of every reference, and the joins with their rules."""

    customers: pl.LazyFrame
    references: pl.DataFrame
    """ref, customer_id."""
    links: pl.DataFrame
    """customer_id, joined, rule, value."""
    shared: pl.DataFrame
    """kind, value, ids: contact values that too many ids share."""


def names_customers(plan: Plan) -> bool:
    """Whether the table's rows say anything of whose they are."""
    return plan.entity != "other" and any(
        name.startswith("customers.") or name == f"{plan.entity}.customer_id" for name in (*plan.fields, *plan.literals)
    )


def has_keys(staged: Staged) -> bool:
    """Whether the table knows its customers by more than an id."""
    keys = ("email", "phone", "full_name", "last_name", "company")
    return staged.plan.entity != "other" and any(f"customers.{key}" in staged.plan.fields for key in keys)


def referenced(staged: Staged, simple: bool) -> pl.LazyFrame:
    """The good rows with `ref`, the reference of the row's customer.

    The first of id, e-mail key, phone and folded name that the row has; prefixed by its kind, unless `simple`
    (no source says anything but ids), where the id itself is the reference.
    """
    good = staged.good
    have = good.collect_schema().names()
    entity = staged.plan.entity
    if entity == "other":
        return good
    ids = [name for name in (f"{entity}.customer_id", "customers.customer_id") if name in have]
    if simple:
        return good.with_columns(
            (pl.coalesce(list(dict.fromkeys(ids))) if ids else pl.lit(None, pl.String)).alias("ref")
        )
    refs = []
    if ids:
        refs.append(pl.concat_str(pl.lit(f"id:{_space(staged)}:"), pl.coalesce(list(dict.fromkeys(ids)))))
    if "customers.email" in have:
        good = good.with_columns(email_key(pl.col("customers.email")).alias("customers.email_key"))
        refs.append(pl.concat_str(pl.lit("email:"), "customers.email_key"))
    if "customers.phone" in have:
        good = _with_phones(staged, good)
        refs.append(pl.concat_str(pl.lit("phone:"), "customers.phone_e164"))
    names = [name for name in ("customers.full_name", "customers.company") if name in have]
    parts = [name for name in ("customers.last_name", "customers.first_name", "customers.middle_name") if name in have]
    if "customers.full_name" not in have and "customers.last_name" in have:
        # Names in Cyrillic are written family name first.
        formal = pl.concat_str(parts, separator=" ", ignore_nulls=True).str.strip_chars()
        given_first = pl.concat_str(*parts[1:], parts[0], separator=" ", ignore_nulls=True).str.strip_chars()
        whole = pl.when(formal.str.contains(r"\p{Cyrillic}")).then(formal).otherwise(given_first)
        good = good.with_columns(pl.when(whole != "").then(whole).alias("customers.full_name"))
        names.insert(0, "customers.full_name")
    for name in names:
        good = _with_key(good, name)
        refs.append(pl.concat_str(pl.lit("name:"), f"{name}_key"))
    ref = pl.coalesce(refs) if refs else pl.lit(None, pl.String)
    return good.with_columns(ref.alias("ref"))


def _space(staged: Staged) -> str:
    """Ids mean something within one system; files of unknown systems are taken to speak of the same ids."""
    return staged.plan.system


def _with_key(good: pl.LazyFrame, name: str) -> pl.LazyFrame:
    keys = name_keys(good.select(name).unique().collect().to_series())
    return good.join(
        keys.lazy().rename({"name": name, "key": f"{name}_key"}), on=name, how="left", maintain_order="left"
    )


def _with_phones(staged: Staged, good: pl.LazyFrame) -> pl.LazyFrame:
    have = good.collect_schema().names()
    country = "customers.country" if "customers.country" in have else None
    pairs = good.select("customers.phone", *([country] if country else [])).unique().collect()
    region = staged.plan.phone_region or ("RU" if _is_russian(staged, pairs["customers.phone"]) else None)
    numbers = phone_numbers(pairs["customers.phone"], region, pairs[country] if country else None)
    numbers = numbers.rename({"phone": "customers.phone", "e164": "customers.phone_e164"})
    if country is None:
        return good.join(numbers.drop("country").lazy(), on="customers.phone", how="left", maintain_order="left")
    on = ["customers.phone", country]
    return good.join(
        numbers.rename({"country": country}).lazy(), on=on, how="left", nulls_equal=True, maintain_order="left"
    )


def _is_russian(staged: Staged, phones: pl.Series) -> bool:
    """Whether the headers are Russian, or most phones are written as in Russia: 8 or 7, then 9 and nine digits."""
    if any("а" <= letter <= "я" for header in staged.raw.header for letter in header.lower()):
        return True
    mobile = phones.drop_nulls().str.replace_all(r"\D", "").str.contains(r"^[78]9\d{9}$")
    return mobile.len() > 0 and int(mobile.sum()) * 2 > mobile.len()


def listed(tables: list[tuple[Staged, pl.LazyFrame]]) -> pl.LazyFrame:
    """The customers of tables that know them by id alone: nobody to join, one row per id."""
    mentions = _all_mentions(tables)
    bare = mentions.select("ref").unique().with_columns(bare=pl.col("ref"), customer_id=pl.col("ref"))
    return _customers(mentions, bare).drop("external_id")


def _all_mentions(tables: list[tuple[Staged, pl.LazyFrame]]) -> pl.DataFrame:
    return pl.concat([_mentions(staged, good, order) for order, (staged, good) in enumerate(tables)], how="diagonal")


def resolve(tables: list[tuple[Staged, pl.LazyFrame]]) -> Identity:
    """Join the customers of all tables.

    Args:
        tables: Staged tables with their referenced good rows, in source order.
    """
    mentions = _all_mentions(tables)
    nodes = mentions.select("ref", "email_key", "phone_e164").unique().sort("ref", "email_key", "phone_e164")
    edges, shared = _edges(nodes)
    groups = _components(nodes["ref"].unique().sort(), edges)
    best = (
        groups.with_columns(
            rank=pl.col("ref")
            .str.extract(r"^(\w+):")
            .replace_strict({"id": 0, "email": 1, "phone": 2, "name": 3}, default=4),
            system=pl.col("ref").str.extract(r"^id:([^:]*):"),
            bare=pl.col("ref").str.replace(r"^(id:[^:]*|email|phone|name):", ""),
        )
        .sort("group", "rank", pl.col("bare").str.len_chars(), "bare", "system", nulls_last=True)
        .with_columns(first=pl.int_range(pl.len()).over("group") == 0)
    )
    chosen = best.filter("first").select("group", pl.col("bare").alias("customer_id"), "ref", "rank", "system")
    chosen = _spelled(chosen, mentions)
    # The same id text in two systems names two people: the later system's carries its name.
    clash = pl.int_range(pl.len()).over("customer_id", order_by="ref") > 0
    chosen = chosen.with_columns(
        pl.when(clash)
        .then(pl.concat_str(pl.col("system").fill_null("also"), pl.lit(":"), "customer_id"))
        .otherwise("customer_id")
        .alias("customer_id")
    )
    references = best.select("ref", "bare", "group", "first").join(chosen.select("group", "customer_id"), on="group")
    links = _links(references, edges)
    return Identity(
        customers=_customers(mentions, references),
        references=references.select("ref", "customer_id").sort("ref"),
        links=links,
        shared=shared,
    )


def _mentions(staged: Staged, good: pl.LazyFrame, order: int) -> pl.DataFrame:
    """Every distinct way a table names its customers, with when it was last seen so."""
    have = good.collect_schema().names()
    traits = [name for name in _TRAITS if f"customers.{name}" in have and name != "created_at"]
    keys = [name for name in have if name in ("customers.full_name_key", "customers.company_key")]
    seen = _SEEN.get(staged.plan.entity)
    extras = [name for name in staged.extra if name in have] if staged.plan.entity == "customers" else []
    time = pl.col(seen) if seen in have else pl.lit(None, dtype("datetime"))
    created = [pl.col("customers.created_at").min().alias("created_at")] if "customers.created_at" in have else []
    grouped = (
        good.filter(pl.col("ref").is_not_null())
        .group_by("ref", *(f"customers.{name}" for name in traits), *keys, *extras)
        .agg(
            time.max().alias("_seen"),
            pl.col(ROW).min().cast(pl.Int64).alias("_source_row"),
            *created,
            pl.col("_flags").drop_nulls().min(),
        )
        .collect()
    )
    missing = [
        name
        for name in ("email_key", "phone_e164")
        if name not in grouped.columns and f"customers.{name}" not in grouped.columns
    ]
    return grouped.rename({f"customers.{name}": name for name in traits}).with_columns(
        *(pl.lit(None, pl.String).alias(name) for name in missing),
        _order=pl.lit(order),
        _master=pl.lit(staged.plan.entity == "customers"),
        _source_file=pl.lit(staged.raw.name),
    )


def _edges(nodes: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Pairs of references that share an e-mail or a phone, and the values too widely shared to say anything."""
    pairs, crowds = [], []
    for kind, column in (("email", "email_key"), ("phone", "phone_e164")):
        having = nodes.filter(pl.col(column).is_not_null()).select("ref", pl.col(column).alias("value")).unique()
        # A reference by the value itself is not one more customer who shares it.
        ids = ~pl.col("ref").str.starts_with(f"{kind}:")
        crowd = having.group_by("value").agg(ids.sum().alias("ids")).filter(pl.col("ids") > SHARED_BY)
        crowds.append(crowd.select(pl.lit(kind).alias("kind"), "value", pl.col("ids").cast(pl.Int64)))
        plain = having.join(crowd, on="value", how="anti").sort("value", "ref")
        anchored = plain.with_columns(anchor=pl.col("ref").first().over("value", order_by="ref"))
        pairs.append(
            anchored.filter(pl.col("ref") != pl.col("anchor")).select(
                "ref", "anchor", pl.lit(kind).alias("rule"), "value"
            )
        )
    return pl.concat(pairs).sort("ref", "anchor", "rule"), pl.concat(crowds).sort("kind", "value")


def _components(refs: pl.Series, edges: pl.DataFrame) -> pl.DataFrame:
    """Connected components by union-find: columns ref, group (the smallest member's position)."""
    position = {ref: index for index, ref in enumerate(refs)}
    parent = list(range(len(position)))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for one, other in zip(edges["ref"], edges["anchor"], strict=True):
        a, b = root(position[one]), root(position[other])
        parent[max(a, b)] = min(a, b)
    groups = [root(index) for index in range(len(parent))] if edges.height else list(range(len(parent)))
    return pl.DataFrame({"ref": refs, "group": groups}, schema={"ref": pl.String, "group": pl.Int64})


def _spelled(chosen: pl.DataFrame, mentions: pl.DataFrame) -> pl.DataFrame:
    """A customer known by name alone is called as the source spells the name, not by its folded key."""
    if "full_name" not in mentions.columns and "company" not in mentions.columns:
        return chosen
    names = [pl.col(name) for name in ("full_name", "company") if name in mentions.columns]
    spelled = (
        mentions.filter(pl.col("ref").str.starts_with("name:"))
        .group_by("ref")
        .agg(pl.coalesce(names).min().alias("spelled"))
    )
    return (
        chosen.join(spelled, on="ref", how="left")
        .with_columns(customer_id=pl.coalesce("spelled", "customer_id"))
        .drop("spelled")
    )


def _links(references: pl.DataFrame, edges: pl.DataFrame) -> pl.DataFrame:
    """Both ends of every edge with the customer they became, but for the reference that gave the customer its id."""
    ends = pl.concat(
        [edges.select("ref", "rule", "value"), edges.select(pl.col("anchor").alias("ref"), "rule", "value")]
    )
    others = references.filter(~pl.col("first")).select("ref", "customer_id", pl.col("bare").alias("joined"))
    joined = ends.join(others, on="ref").filter(pl.col("joined") != pl.col("value"))
    return joined.select("customer_id", "joined", "rule", "value").unique().sort(pl.all())


def _customers(mentions: pl.DataFrame, references: pl.DataFrame) -> pl.LazyFrame:
    """One row per customer: of every trait the newest value, a customer list before what orders and deals say."""
    known = mentions.join(references.select("ref", "bare", "customer_id"), on="ref")
    traits = [name for name in known.columns if name in _TRAITS or name.startswith("x_")]
    ranked = known.sort(
        "customer_id",
        "_master",
        "_seen",
        "ref",
        *traits,
        "_source_file",
        "_source_row",
        descending=[False, True, True, *[False] * (len(traits) + 3)],
        nulls_last=True,
    )
    ids = pl.col("bare").filter(pl.col("ref").str.starts_with("id:")).unique().sort()
    return (
        ranked.lazy()
        .group_by("customer_id", maintain_order=True)
        .agg(
            *(pl.col(name).drop_nulls().first() for name in traits if name != "created_at"),
            *([pl.col("created_at").min()] if "created_at" in traits else []),
            ids.str.join("; ").alias("_ids"),
            pl.col("_source_file").first(),
            pl.col("_source_row").first(),
            pl.col("_flags").drop_nulls().first(),
        )
        .with_columns(
            pl.when((pl.col("_ids") != "") & (pl.col("_ids") != pl.col("customer_id")))
            .then(pl.col("_ids"))
            .alias("external_id"),
            *_type(traits),
        )
        .drop("_ids")
    )


def _type(traits: list[str]) -> list[pl.Expr]:
    """A customer is a company when its name has a legal form, or when it has a firm's name and no person's."""
    names = [name for name in ("full_name", "company") if name in traits]
    if not names or "customer_type" in traits:
        return []
    firm = pl.col("full_name").str.contains(_LEGAL_FORM) if "full_name" in traits else pl.lit(False)
    if "company" in traits:
        person = pl.col("full_name").is_null() if "full_name" in traits else pl.lit(True)
        firm = firm.fill_null(False) | (pl.col("company").is_not_null() & person)
    return [pl.when(firm).then(pl.lit("company")).alias("customer_type")]
