"""Exact joining of references: the same e-mail, phone or number is the same customer, unless names speak against it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from acrm.ingest.people.names import alike, firm, is_firm, latin, nobody

RULES = ("decision", "id", "tax_id", "card_number", "external_id", "email", "phone", "name", "probable")
"""What may join two references, in the order in which it is tried."""
_SURE = ("decision", "id", "probable")
"""Rules that have looked at names already."""
SHARED_BY = 5
"""A value that more customers than this have is a switchboard or an office address: it joins nobody."""
CHAIN = 20
"""Nobody has more ids than this: a join that would give them more is refused."""
_ROLES = re.compile(
    r"(info|office|sales|order|orders|shop|admin|administrator|mail|email|e-mail|support|help|hello|contact|contacts"
    r"|buh|buhgalter|accounting|invoice|invoices|secretary|sekretar|reception|zakaz|zakupki|snab|priem|manager|market"
    r"|marketing|client|clients|service|team|noreply|no-reply|post|pochta|hr|ok|director|tender)@"
)
_NAMES = 8
"""Names that a group is remembered by; more say nothing new."""
_BORN = ("email", "phone", "card_number", "name")
"""Rules that two people may share a value of: birth dates speak against them, too."""
_OWN_KIND = {"email": "email", "phone": "phone", "card_number": "card", "tax_id": "tax"}
EDGE = {"ref": pl.String, "anchor": pl.String, "rule": pl.String, "value": pl.String}
Pair = tuple[str, str]


@dataclass(kw_only=True)
class Joined:
    """Who was joined with whom, by what; and what looked like a join and was none."""

    groups: pl.DataFrame
    """ref, group (the smallest member)."""
    edges: pl.DataFrame
    """ref, anchor, rule, value: two references of one group, and what they share."""
    apart: pl.DataFrame
    """ref, anchor, rule, value: references that share a value under names of different people."""
    shared: pl.DataFrame
    """kind, value, ids: values that too many customers share to say anything."""
    chains: int
    """Joins refused because they would have made one customer of too many."""


_by_id = pl.col("ref").str.starts_with("id:")


def keys(mentions: pl.DataFrame) -> pl.DataFrame:
    """Everything that may join: ref, rule, value; one row for each value a reference was told with."""
    have = mentions.columns
    plain = {"email": "email_key", "phone": "phone_e164", "card_number": "card_number"}
    made = [_key(mentions, rule, pl.col(column)) for rule, column in plain.items() if column in have]
    if "tax_id" in have:
        number = pl.col("tax_id").str.to_uppercase().str.replace_all(r"[^\pL\d]", "")
        real = number.str.contains(r"\d{5}") & ~number.str.contains(r"^(0+|1+|9+|1234567890|123456789012)$")
        made.append(_key(mentions, "tax_id", pl.when(real).then(number)))
    if "external_id" in have:
        made += _external(mentions)
    return pl.concat(made).unique().sort("rule", "value", "ref")


def _key(mentions: pl.DataFrame, rule: str, value: pl.Expr) -> pl.DataFrame:
    rows = mentions.select("ref", pl.lit(rule).alias("rule"), value.alias("value"))
    return rows.filter(pl.col("value").is_not_null() & (pl.col("value") != "")).unique()


def _external(mentions: pl.DataFrame) -> list[pl.DataFrame]:
    """Ids that a system keeps of another system's customers, where one other system only has a customer so called."""
    own = mentions.select("ref").unique().with_columns(_parts("ref"))
    told = mentions.select("ref", value="external_id").drop_nulls().unique().with_columns(_parts("ref"))
    found = told.join(own, left_on="value", right_on="bare", suffix="_of").filter(
        pl.col("system") != pl.col("system_of")
    )
    found = found.filter(pl.col("ref_of").n_unique().over("ref", "value") == 1)
    named = pl.concat_str("system_of", pl.lit(" "), "value")
    sides = [
        found.select(pl.col(side).alias("ref"), pl.lit("external_id").alias("rule"), value=named)
        for side in ("ref", "ref_of")
    ]
    return [side.unique() for side in sides]


def _parts(column: str) -> list[pl.Expr]:
    """The system and the bare id of references by id; nulls for others."""
    return [
        pl.col(column).str.extract(r"^id:([^:]*):").alias("system"),
        pl.col(column).str.extract(r"^id:[^:]*:(.*)$").alias("bare"),
    ]


def join(mentions: pl.DataFrame, extra: pl.DataFrame | None = None, different: Iterable[Pair] = ()) -> Joined:
    """Join the references of all mentions.

    Rules are tried in the order of `RULES`, values and references in their own: neither the order of rows nor that of
    files decides. A value joins those of its references whose names and birth dates may be one person's; a value that
    more than `SHARED_BY` customers share joins nobody, an office mailbox (`info@`) only those of one name.

    Args:
        mentions: As `mentions.of` gives them, of all tables.
        extra: Further joins, each with its own reason: ref, anchor, rule, value.
        different: Pairs of references that are known to be two customers.
    """
    mentions = _without_employers(mentions)
    having, shared = _without_crowds(keys(mentions), mentions)
    sharing = (
        having.group_by("rule", "value").agg(pl.col("ref").sort_by(~_by_id, "ref")).filter(pl.col("ref").list.len() > 1)
    )
    further = pl.DataFrame(schema=EDGE) if extra is None else extra.sort(*EDGE)
    namesakes = _namesakes(mentions)
    told = [sharing.select(pl.col("ref").explode()), further.select("ref"), further.select(ref="anchor")]
    told += [namesakes.select("ref")]
    refs, asked = mentions["ref"].unique().sort(), pl.concat(told).unique()
    groups = _Groups(refs, _names(mentions, asked), _births(mentions, asked), different)
    for rule in RULES:
        for ref, anchor, value in further.filter(rule=rule).select("ref", "anchor", "value").iter_rows():
            groups.unite(ref, anchor, rule, value, sure=rule in _SURE)
        for value, members in sharing.filter(rule=rule).sort("value").select("value", "ref").iter_rows():
            groups.unite_sharing(members, rule, value)
        if rule == "name":
            for name, members in (
                namesakes.group_by("name").agg(pl.struct("ref", "firm").sort()).sort("name").iter_rows()
            ):
                groups.unite_namesakes(name, members)
    return Joined(
        groups=pl.DataFrame({"ref": refs, "group": groups.roots()}, schema={"ref": pl.String, "group": pl.Int64}),
        edges=pl.DataFrame(groups.edges, schema=EDGE, orient="row").sort("ref", "anchor", "rule"),
        apart=pl.DataFrame(groups.apart, schema=EDGE, orient="row").sort("ref", "anchor", "rule"),
        shared=shared,
        chains=groups.chains,
    )


def _without_employers(mentions: pl.DataFrame) -> pl.DataFrame:
    """The mentions without the firm of a row that names only the firm, where the reference is a person of that firm."""
    if not {"full_name", "company"} <= set(mentions.columns):
        return mentions
    person = pl.col("full_name").is_not_null().any().over("ref")
    if "customer_type" in mentions.columns:
        person = person | (pl.col("customer_type") == "person").fill_null(False)
    alone = pl.col("full_name").is_null() & pl.col("ref").str.starts_with("id:")
    return mentions.with_columns(company=pl.when(~(alone & person)).then(pl.col("company")))


def _without_crowds(having: pl.DataFrame, mentions: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The keys without the values that too many customers share, and those values."""
    often = having.filter(pl.len().over("rule", "value") > SHARED_BY)
    # Many records of one name are one person who was entered many times; a reference by the value itself is nobody new.
    own = pl.concat_str(pl.col("rule").replace_strict(_OWN_KIND, default="-"), pl.lit(":"), "value")
    named = _names(mentions, often.select("ref").unique())
    who = [" ".join(sorted(latin(names[0]).split())) if (names := named.get(ref)) else ref for ref in often["ref"]]
    crowds = (
        often.with_columns(who=pl.Series(who, dtype=pl.String))
        .filter(pl.col("ref") != own)
        .group_by("rule", "value")
        .agg(pl.col("who").n_unique(), pl.col("ref").filter(_by_id).n_unique().alias("ids"))
        .filter((pl.col("who") > SHARED_BY) | (pl.col("ids") > CHAIN))
        .with_columns(ids=pl.max_horizontal("who", "ids").cast(pl.Int64))
    )
    shared = crowds.select(pl.col("rule").alias("kind"), "value", "ids").sort("kind", "value")
    return having.join(crowds, on=["rule", "value"], how="anti"), shared


def _names(mentions: pl.DataFrame, refs: pl.DataFrame) -> dict[str, tuple[str, ...]]:
    """The names that references go by: the person's, else the firm's."""
    names = [pl.col(name) for name in ("full_name", "company") if name in mentions.columns]
    if not names:
        return {}
    found = (
        mentions.select("ref", name=pl.coalesce(names))
        .drop_nulls()
        .join(refs, on="ref", how="semi")
        .unique()
        .sort("ref", "name")
        .group_by("ref")
        .agg("name")
    )
    return {ref: tuple(name for name in told if not nobody(name)) for ref, told in found.iter_rows()}


def _births(mentions: pl.DataFrame, refs: pl.DataFrame) -> dict[str, tuple[date, ...]]:
    """The birth dates that references were told with; the first of January is written for want of a better one."""
    if "birth_date" not in mentions.columns:
        return {}
    born = pl.col("birth_date")
    told = mentions.select("ref", born).drop_nulls().filter((born.dt.month() > 1) | (born.dt.day() > 1))
    found = told.join(refs, on="ref", how="semi").unique().sort("ref", "birth_date").group_by("ref").agg("birth_date")
    return {ref: tuple(days) for ref, days in found.iter_rows()}


def same_birth(one: date, other: date) -> bool:
    """Whether two birth dates may be one: two of year, month and day are equal, or day and month changed places.

    >>> same_birth(date(1980, 5, 6), date(1980, 6, 5)), same_birth(date(1980, 5, 6), date(1985, 6, 6))
    (True, False)
    """
    parts = zip((one.year, one.month, one.day), (other.year, other.month, other.day), strict=True)
    turned = (one.year, one.month, one.day) == (other.year, other.day, other.month)
    return turned or sum(part == also for part, also in parts) >= 2


def _namesakes(mentions: pl.DataFrame) -> pl.DataFrame:
    """References that bear a name under which some reference is known by name alone: name, ref, firm."""
    schema = {"name": pl.String, "ref": pl.String, "firm": pl.String}
    alone = pl.col("ref").str.starts_with("name:")
    if not mentions.select(alone.any()).item():
        return pl.DataFrame(schema=schema)
    columns = ("full_name", "company")
    have = [pl.col(name) if name in mentions.columns else pl.lit(None, pl.String).alias(name) for name in columns]
    told = mentions.select("ref", *have).unique()
    spelled = told.select(columns).unique()
    keyed = [(*row, *_name_and_firm(*row)) for row in spelled.iter_rows()]
    known = dict.fromkeys((*columns, "name", "word", "firm"), pl.String)
    keys = pl.DataFrame(keyed, schema=known, orient="row")
    found = told.join(keys, on=columns, nulls_equal=True)
    found = found.with_columns(name=pl.coalesce("name", pl.when(alone).then("word"))).select(*schema).drop_nulls("name")
    asked = found.filter(alone).select("name").unique()
    return found.unique().join(asked, on="name", how="semi").filter(pl.col("ref").n_unique().over("name") > 1)


def _name_and_firm(full_name: str | None, company: str | None) -> tuple[str | None, str | None, str | None]:
    """Under what a name is looked up, words in any order; a lone word, which can only be a firm's; the firm named."""
    house = firm(company) if company else None
    if not full_name or nobody(full_name):
        return house, None, house
    if is_firm(full_name):
        return firm(full_name), None, None
    words = sorted(latin(full_name).split())
    if len(words) > 1:
        return " ".join(words), None, house
    if words and house:
        return f"{words[0]} @ {house}", None, house
    return None, " ".join(words) or None, house


class _Groups:
    """References united step by step (union-find), each group with the names and birth dates it goes by."""

    def __init__(
        self,
        refs: pl.Series,
        names: Mapping[str, tuple[str, ...]],
        births: Mapping[str, tuple[date, ...]],
        different: Iterable[Pair],
    ) -> None:
        self._position = {ref: index for index, ref in enumerate(refs)}
        self._parent = list(range(len(self._position)))
        self._names = {self._position[ref]: told for ref, told in names.items()}
        self._births = {self._position[ref]: told for ref, told in births.items()}
        self._ids = {index: 1 for ref, index in self._position.items() if ref.startswith("id:")}
        self._different: dict[int, set[int]] = {}
        for one, other in different:
            if one in self._position and other in self._position:
                self._forbid(self._position[one], self._position[other])
        self.edges: list[tuple[str, str, str, str]] = []
        self.apart: list[tuple[str, str, str, str]] = []
        self.chains = 0

    def roots(self) -> list[int]:
        """The group of every reference."""
        return [self._root(index) for index in range(len(self._parent))]

    def unite(self, ref: str, anchor: str, rule: str, value: str, *, sure: bool = False, strict: bool = False) -> bool:
        """Make two references one customer, unless something speaks against it; whether they are one now."""
        one, other = self._root(self._position[ref]), self._root(self._position[anchor])
        known = other in self._different.get(one, ())
        doubtful = (
            known or not self._may_be_one(one, other, strict=strict) or (rule in _BORN and self._born_apart(one, other))
        )
        if one != other and not sure and doubtful:
            self.apart.append((ref, anchor, rule, value))
            return False
        if one != other and self._ids.get(one, 0) + self._ids.get(other, 0) > CHAIN and not sure:
            self.chains += 1
            return False
        if known:
            return False
        self.edges.append((ref, anchor, rule, value))
        if one != other:
            self._merge(min(one, other), max(one, other))
        return True

    def unite_sharing(self, refs: list[str], rule: str, value: str) -> None:
        """Join references that share a value to the first of them that they agree with."""
        anchors: list[str] = []
        # Of two customers with one office mailbox only those of one name are one.
        strict = rule == "email" and is_role(value) and sum(ref.startswith("id:") for ref in refs) > 1
        for ref in refs:
            if not any(self.unite(ref, anchor, rule, value, strict=strict) for anchor in anchors):
                anchors.append(ref)

    def unite_namesakes(self, name: str, members: list[dict[str, str | None]]) -> None:
        """Join those known by a name alone to the one customer of that name, if there is one only."""
        firms = {member["firm"] for member in members if member["firm"]}
        for house in firms if len(firms) > 1 else {None}:
            refs = [str(member["ref"]) for member in members if house is None or member["firm"] == house]
            alone = [ref for ref in refs if ref.startswith("name:")]
            others = [ref for ref in refs if not ref.startswith("name:")]
            known = len({self._root(self._position[ref]) for ref in others}) == 1
            anchor = others[0] if known else alone[0] if alone else ""
            for ref in alone:
                if ref != anchor:
                    self.unite(ref, anchor, "name", name)

    def _may_be_one(self, one: int, other: int, *, strict: bool) -> bool:
        """Whether the names of two groups allow that they are one; no name allows anything unless `strict`."""
        names, others = self._names.get(one, ()), self._names.get(other, ())
        if not names or not others:
            return not strict
        return any(alike(name, also) for name in names for also in others)

    def _born_apart(self, one: int, other: int) -> bool:
        """Whether the birth dates of two groups are those of two people."""
        births, others = self._births.get(one, ()), self._births.get(other, ())
        return bool(births and others) and not any(same_birth(day, also) for day in births for also in others)

    def _merge(self, kept: int, gone: int) -> None:
        self._parent[gone] = kept
        self._names[kept] = tuple(sorted({*self._names.get(kept, ()), *self._names.pop(gone, ())}))[:_NAMES]
        self._births[kept] = tuple(sorted({*self._births.get(kept, ()), *self._births.pop(gone, ())}))[:_NAMES]
        self._ids[kept] = self._ids.get(kept, 0) + self._ids.pop(gone, 0)
        for foe in self._different.pop(gone, ()):
            self._different[foe].discard(gone)
            self._forbid(kept, foe)

    def _forbid(self, one: int, other: int) -> None:
        self._different.setdefault(one, set()).add(other)
        self._different.setdefault(other, set()).add(one)

    def _root(self, node: int) -> int:
        while self._parent[node] != node:
            self._parent[node] = self._parent[self._parent[node]]
            node = self._parent[node]
        return node


def is_role(address: str) -> bool:
    """Whether an address is an office's, not a person's: `info@`."""
    return _ROLES.match(address) is not None
