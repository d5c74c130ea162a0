"""Stores without names: what says who a customer is becomes a code, what nobody counts by goes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from acrm import purposes
from acrm.errors import InputError, UsageError
from acrm.ingest.people.privacy_key import CODE, Key, read_key
from acrm.lineage import KEY, is_manifest
from acrm.messages import text
from acrm.schema import TABLES

if TYPE_CHECKING:
    from acrm.ingest.people.identity import Identity
    from acrm.ingest.raw import RawTable

_KINDS = {
    "ref": "reference",
    "_ref": "reference",
    "external_id": "ids",
    **dict.fromkeys(("customer_id", "company_id", "person_id"), "customer"),
    **dict.fromkeys(("order_id", "deal_id", "x_order_id_in_source"), "order"),
    **dict.fromkeys(("email", "email_key"), "email"),
    **dict.fromkeys(("phone", "phone_e164"), "phone"),
    **dict.fromkeys(("full_name", "company"), "words"),
    **dict.fromkeys(("owner", "agent"), "agent"),
    **dict.fromkeys(("tags", "page", "decision_id"), "text"),
    "interaction_id": "interaction",
    "purpose": "purpose",
    "card_number": "card",
    "tax_id": "tax",
    "household_id": "household",
}
"""What the values of a column are, where they become codes; columns that acrm does not know are `text`."""
_JOINING = ("customer", "order", "email", "phone", "card", "tax")
"""What a table that acrm does not know may be joined by."""
_LASTING = ("decision", "apart", "probable")
"""Joins that a store keeps as they were made."""
_GONE = frozenset(("first_name", "middle_name", "last_name", "holidays", "subject", "raw"))
"""Columns that are emptied."""
_CATALOGUE = ("product_name", "category")
_NUMBER = r"\+?\d[\d ()-]{8,}\d"
"""A number long enough to be a phone, in a column of words."""
MASK = "mask"


def of_store(metadata: Mapping[str, str]) -> str | None:
    """How a table of a store is protected: the fingerprint of its key, `MASK`, or not (None)."""
    return _protected(json.loads(metadata.get(KEY, "{}")))


def _protected(made: Mapping[str, Any]) -> str | None:
    options = made.get("options", {})
    if options.get("mask", {}).get("value"):
        return MASK
    key = options.get("pseudonymise", {}).get("value")
    return str(key) if key else None


def protection(raws: Iterable[RawTable]) -> tuple[dict[str | None, str], bool]:
    """The protections of the stores among the sources, each with the folder of one, and whether there are exports."""
    stores: dict[str | None, str] = {}
    exports = False
    for raw in raws:
        if "table" in json.loads(raw.metadata.get(KEY, "{}")):
            stores.setdefault(of_store(raw.metadata), str(raw.source.path.parent))
        exports = exports or KEY not in raw.metadata
    return stores, exports


def check(raws: Iterable[RawTable], key: Key | None) -> None:
    """Let no source be mixed with others that its customers cannot be compared with.

    Raises:
        InputError: Plain and pseudonymised sources, stores of two keys, or a masked copy among others.
    """
    stores, exports = protection(raws)
    if MASK in stores and (exports or key or len(stores) > 1):
        raise InputError("masked_store", path=stores[MASK])
    keyed = {found: path for found, path in stores.items() if found not in (None, MASK)}
    for found, path in keyed.items():
        if key is not None and found != key.fingerprint:
            raise InputError("other_key", path=path, of=found, given=key.fingerprint)
    if len(stores) > 1:
        raise InputError("mixed_stores", stores=", ".join(sorted(stores.values())))
    if keyed and exports and key is None:
        raise InputError("coded_store", path=next(iter(keyed.values())))


def key_of(path: str | None, *, mask: bool, link: bool) -> Key | None:
    """The key in the file that `--pseudonymise` names, None where it names none.

    Raises:
        UsageError: It does not go with the other options.
        InputError: See `read_key`.
    """
    if path is None:
        return None
    if mask or link:
        raise UsageError("mask_and_key" if mask else "link_blind")
    return read_key(Path(path))


def told(options: Mapping[str, tuple[object, str]], key: Key | None) -> Mapping[str, tuple[object, str]]:
    """Options as the lineage has them: of the key its fingerprint, of its file nothing."""
    if key is None:
        return options
    return {**options, "pseudonymise": (key.fingerprint, options["pseudonymise"][1])}


def noted(key: Key | None, *, mask: bool) -> str:
    """What the data dictionary says of a protected store."""
    if key:
        return "\n" + text("privacy.dictionary", key=key.fingerprint) + "\n"
    return "\n" + text("privacy.masked") + "\n" if mask else ""


def check_target(store: Path, key: Key | None, *, mask: bool, replace: bool) -> None:
    """Let nothing into a store that does not go with what it holds; one that is started anew holds nothing.

    Args:
        store: The manifest of a store, if there is one.
        key, mask: How what is to be written is protected.
        replace: Whether the store is started anew.

    Raises:
        InputError: It does not go there.
    """
    if not is_manifest(store):
        return
    present = _protected(json.loads(store.read_text(encoding="utf-8")))
    if mask and not (replace and present == MASK):
        raise InputError("mask_store", path=store.parent)
    if key and present is None and not replace:
        raise InputError("plain_store", path=store.parent)


def check_plain(raws: Iterable[RawTable], key: Key | None) -> None:
    """Let nothing be written as plain that comes from a protected store.

    Raises:
        InputError: A store among the sources is pseudonymised or masked.
    """
    stores, _ = protection(raws)
    for found, path in stores.items():
        if found is not None and key is None:
            raise InputError("masked_store" if found == MASK else "coded_store_written", path=path)


def coded(frame: pl.LazyFrame, table: str, key: Key, *, simple: bool = False) -> pl.LazyFrame:
    """Rows with codes instead of what says who somebody is; birth dates become years, free texts go.

    Every distinct value is coded once, whatever the number of rows.

    Args:
        frame: Rows of a store's table, or of an export, where columns are called `table.column`.
        table: What the rows are rows of.
        key: The secret.
        simple: Whether references are bare ids of one system.
    """
    if table == "links":
        return _links(frame, key)
    kinds: dict[str, str] = {}
    changed = []
    for name, type_ in frame.collect_schema().items():
        if name.rpartition(".")[2] == "birth_date" and type_ == pl.Date:
            changed.append(pl.col(name).dt.truncate("1y"))
        elif type_ == pl.String and (kind := _kind(name, table)):
            kinds[name] = "customer" if simple and name == "ref" else kind
        elif type_ == pl.String:
            changed.append(_reduced(name, table))
    for written, exact in (("email", "email_key"), ("phone", "phone_e164")):
        pairs = [(name, name.removesuffix(written) + exact) for name in kinds if name.rpartition(".")[2] == written]
        frame = frame.with_columns(pl.coalesce(both, name).alias(name) for name, both in pairs if both in kinds)
    return _replaced(frame, kinds, key).with_columns(changed)


def _kind(name: str, table: str) -> str | None:
    """The kind of code that the values of a column become; None where they stay or go."""
    column = name.rpartition(".")[2]
    if name.endswith(".customer_id") and table != "deals":
        # Beside the reference that was made of it.
        return None
    if name == "deals.name" or (table, name) == ("deals", "name"):
        # A deal without a number is known by its name.
        return "order"
    if table.startswith("other"):
        kind = _KINDS.get(column)
        return None if name.startswith("_") else kind if kind in _JOINING else "text"
    return _KINDS.get(column) or ("text" if name.startswith("x_") else None)


def _reduced(name: str, table: str) -> pl.Expr:
    """What stays of a column of texts that are no codes."""
    of, _, column = name.rpartition(".")
    of = of or table
    cell = pl.col(name)
    if column in _GONE or name.endswith(".customer_id"):
        return pl.lit(None, pl.String).alias(name)
    if column == "postal_code":
        # The region; the rest keeps its form.
        rest = cell.str.slice(3).str.replace_all(r"\d", "0").str.replace_all(r"\pL", "A")
        return pl.concat_str(cell.str.head(3), rest)
    if name == "_flags":
        return born(cell)
    if of in TABLES and column in TABLES[of].names and column not in _CATALOGUE:
        # Words, but for cells that somebody wrote an address or a phone into.
        return pl.when(~(cell.str.contains("@", literal=True) | cell.str.contains(_NUMBER))).then(cell)
    return cell


def born(flags: pl.Expr) -> pl.Expr:
    """Marks, of a birth date that cannot be but its year."""
    return flags.str.replace_all(r"(impossible:birth_date=\d+)-\d\d-\d\d", "${1}-01-01")


def _links(links: pl.LazyFrame, key: Key) -> pl.LazyFrame:
    """Joins of references; what they share is told again when they are joined again, likeness in words is not."""
    decided = pl.col("rule").is_in(_LASTING[:2])
    kinds = {"customer_id": "customer", "one": "reference", "other": "reference"}
    return _replaced(links, kinds, key).with_columns(evidence=pl.when(decided).then("evidence"))


def lost(links: pl.LazyFrame, who: Identity) -> pl.DataFrame:
    """Joins of a plain store that rest on names nearly alike, which codes do not show: kept as likely ones.

    Their evidence is the rule that made them.

    Args:
        links: Joins in codes; those of a plain store have lost their evidence.
        who: The customers as codes alone have them.
    """
    former = pl.col("customer_id").is_not_null() & pl.col("evidence").is_null() & ~pl.col("rule").is_in(_LASTING)
    told = links.filter(former).group_by("one", "other").agg(pl.col("rule").min()).collect().sort("one", "other")
    for side in ("one", "other"):
        told = told.join(who.references.rename({"customer_id": f"{side} is"}), left_on=side, right_on="ref")
    apart = told.filter(pl.col("one is") != pl.col("other is"))
    return apart.select(
        ref="one", anchor="other", rule=pl.lit("probable"), value="rule", probability=pl.lit(None, pl.Float64)
    )


def pairs(extra: pl.DataFrame, key: Key) -> pl.DataFrame:
    """Decided pairs (ref, anchor, …) in codes."""
    return _replaced(extra.lazy(), {"ref": "reference", "anchor": "reference"}, key).collect()


def _replaced(frame: pl.LazyFrame, kinds: Mapping[str, str], key: Key) -> pl.LazyFrame:
    """The frame with the values of some columns replaced by their codes."""
    names: dict[str, list[str]] = {}
    for name, kind in kinds.items():
        names.setdefault(kind, []).append(name)
    distinct = pl.collect_all([frame.select(pl.col(name).drop_nulls().unique()) for name in kinds])
    values = dict(zip(kinds, (found.to_series() for found in distinct), strict=True))
    for kind, columns in names.items():
        texts = pl.concat([values[name].rename("value") for name in columns]).unique()
        if kind == "purpose":
            made = purposes.coded(texts, key.coders["order"])
        else:
            made = pl.Series(map(key.coders[kind], texts), dtype=pl.String)
        codes = pl.LazyFrame({"value": texts, "code": made})
        for name in columns:
            own = codes.rename({"value": name, "code": f"code of {name}"})
            frame = frame.join(own, on=name, how="left", maintain_order="left")
    new = {name: pl.col(f"code of {name}") for name in kinds}
    return frame.with_columns(**new).drop(f"code of {name}" for name in kinds)


def sealed(who: Identity, key: Key) -> Identity:
    """Who is who without names: customers known by a name get a code, and only the evidence keeps codes of words."""

    def known(column: str) -> pl.Expr:
        return pl.when(pl.col(column).str.contains(CODE)).then(column)

    def closed(frame: pl.LazyFrame, columns: Iterable[str]) -> pl.LazyFrame:
        named = [name for name in columns if name in frame.collect_schema().names()]
        split = frame.with_columns(
            *(known(name).alias(f"known {name}") for name in named),
            *(pl.when(known(name).is_null()).then(name).alias(name) for name in named),
        )
        kept = [pl.coalesce(f"known {name}", name).alias(name) for name in named]
        return _replaced(split, dict.fromkeys(named, "name"), key).with_columns(kept).drop(f"known {n}" for n in named)

    names = [name for name in ("full_name", "company") if name in who.customers.collect_schema().names()]
    customers = closed(who.customers, ("customer_id", "company_id", "household_id"))
    return replace(
        who,
        customers=customers.with_columns(pl.lit(None, pl.String).alias(name) for name in names),
        references=closed(who.references.lazy(), ["customer_id"]).collect(),
        links=closed(who.links.lazy(), ["customer_id"]).collect(),
    )
