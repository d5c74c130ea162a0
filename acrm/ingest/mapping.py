"""Which system a table comes from, which canonical table it is, and which of its columns mean what."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acrm.errors import UsageError
from acrm.ingest import shapes
from acrm.ingest.options import IngestOptions
from acrm.ingest.raw import ROW, RawTable
from acrm.ingest.substitutes import CUSTOMER_KEYS, LINKED, substituted
from acrm.ingest.vocabulary import normalise, synonyms, words
from acrm.lineage import means
from acrm.schema import TABLES

if TYPE_CHECKING:
    import polars as pl

READING_FIELDS: dict[str, dict[str, str]] = {
    "transactions": {
        **dict.fromkeys(("order_total", "order_discount", "subtotal", "shipping", "refunded_amount"), "money"),
        **dict.fromkeys(("line_gross", "line_net", "line_tax", "line_before_returns", "line_returned"), "money"),
        **dict.fromkeys(("refunded_quantity", "discount_percent"), "number"),
        **dict.fromkeys(("payment_status", "document_type", "till", "shift"), "text"),
        **dict.fromkeys(("time_of_day", "zone", "test_mark", "money_text"), "text"),
        **dict.fromkeys(("deleted", "posted"), "bool"),
        "cancelled_at": "datetime",
    },
    "deals": {"is_won": "bool", "is_closed": "bool", "deleted": "bool"},
    "customers": {"deleted": "bool", "opt_out": "bool"},
    "payments": {"deleted": "bool", "kind": "text", "paid_out": "money"},
}
"""Fields that exist only while reading: they decide canonical columns and are not columns themselves."""

_SHAPED = {"discount": "number", "discount_percent": "number", "phone": "phone"}
_GRAINS = {"transactions": "line", "deals": "deal"}
_PAYMENTS = re.compile(r"payment|плат[её]ж|оплат|поступлени|zahlung")
_PAYMENT_IDS = frozenset(("payment id", "payment no", "payment number", "id платежа", "номер платежа", "№ платежа"))
_DAYS = frozenset(("date", "transaction date", "дата", "datum", "fecha"))  # of payments only if the title says so

# What a file must have to be the table: every line needs one of its alternatives; `a&b` needs both.
REQUIRED: dict[str, tuple[tuple[str, ...], ...]] = {
    "transactions": (
        ("ordered_at",),
        ("line_amount", "order_total", "quantity&unit_price"),
        ("order_id", "customer_id", "product_id", "product_name", *CUSTOMER_KEYS),
    ),
    "deals": (("stage", "status", "is_won"), ("deal_id", "name"), ("amount", "created_at", "closed_at")),
    "deal_stages": (("deal_id",), ("stage",), ("entered_at",)),
    "interactions": (
        ("started_at",),
        ("customer_id", "deal_id", *CUSTOMER_KEYS),
        ("kind", "duration_seconds", "outcome", "subject", "agent", "ended_at", "page"),
    ),
    "campaigns": (("date",), ("campaign", "source"), ("spend",)),
    "contracts": (("customer_id", *CUSTOMER_KEYS), ("start_at",), ("end_at", "renewal_at", "plan")),
    "payments": (("paid_at",), ("amount",)),
    "stock": (("product_id",), ("quantity",), ("date", "unit", "value")),
    "service_costs": (("period",), ("cost",), ("customer_id", "segment", "activity")),
    "products": (("product_id", "name"), ("list_price", "cost", "category")),
    "customers": (
        ("customer_id", "email", "phone", "full_name", "first_name&last_name", "company"),
        (
            *(f"customer_id&{trait}" for trait in ("gender", "city", "birth_date", "family_status", "country")),
            *("customer_id&created_at", "email", "phone", "full_name", "last_name", "company"),
        ),
    ),
    "units": (("unit",), ("kind", "parent", "region")),
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How one raw table is read: its system, its canonical table, and the source columns of every field."""

    system: str
    title: str
    entity: str
    """A canonical table, or `other`."""
    fields: Mapping[str, tuple[str, ...]]
    """`table.field` -> the source columns, best first; the first non-empty one counts."""
    literals: Mapping[str, str] = field(default_factory=dict)
    """`table.field` -> a constant."""
    grain: str = "row"
    fill_down: tuple[str, ...] = ()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    wide: Mapping[str, str] = field(default_factory=dict)
    time_zone: str | None = None
    date_order: str | None = None
    phone_region: str | None = None
    id_prefix: str = ""
    """Set before the table's own ids, where two kinds of records share their numbers (leads and deals of Bitrix24)."""
    company_ids: tuple[str, ...] = ()
    """Columns of customer ids that are companies', where a system numbers companies and people each from 1."""
    id_cut: int | None = None
    """Length to cut ids to that are three letters longer: Salesforce writes 15 or 18."""
    free_form: bool = False
    """Whether columns of the same name mean different things from firm to firm: their data say what they mean."""
    told: frozenset[str] = frozenset()
    """Fields that `--map` names."""
    unused: tuple[str, ...] = ()
    """Columns that are called like refunds, discounts or a status, hold something, and feed no field."""
    lacks: tuple[str, ...] = ()
    """Why it is `other`: the nearest canonical table and what that table misses, as `table.field|field`."""

    def has(self, *fields: str) -> bool:
        """Whether every `table.field` has a source."""
        return all(name in self.fields or name in self.literals for name in fields)

    def has_line_amounts(self) -> bool:
        """Whether something says what each order line costs, and not its whole order alone."""
        single = any(self.has(f"transactions.{name}") for name in ("line_amount", "line_gross", "line_net"))
        return single or self.has("transactions.quantity", "transactions.unit_price")

    def mapped_headers(self) -> set[str]:
        """Source columns that feed some field."""
        return {header for headers in self.fields.values() for header in headers}


def field_kind(name: str) -> str:
    """Kind of a `table.field`, canonical or reading-only."""
    table, _, column = name.partition(".")
    extra = READING_FIELDS.get(table, {})
    return extra[column] if column in extra else TABLES[table][column].kind


def known_field(name: str) -> bool:
    """Whether `table.field` exists."""
    table, _, column = name.partition(".")
    return table in TABLES and (column in TABLES[table].names or column in READING_FIELDS.get(table, {}))


@cache
def systems() -> dict[str, dict[str, Any]]:
    """The known systems by name, from systems/*.toml."""
    folder = files("acrm") / "ingest" / "systems"
    loaded = [
        tomllib.loads(file.read_text(encoding="utf-8")) for file in folder.iterdir() if file.name.endswith(".toml")
    ]
    return {system["name"]: system for system in sorted(loaded, key=lambda system: str(system["name"]))}


def load_system(name: str) -> dict[str, Any]:
    """A system by name, or from the user's own TOML file."""
    if name in systems():
        return systems()[name]
    path = Path(name)
    if not path.suffix:
        raise UsageError("unknown_system", name=name, known=", ".join(systems()))
    try:
        system = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError("system_unreadable", path=name, reason=error.strerror or str(error)) from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError("system_unreadable", path=name, reason=str(error)) from error
    for table in system.get("table", []):
        entity = table.get("entity")
        if entity not in (*REQUIRED, "other"):
            raise UsageError("system_unreadable", path=name, reason=f"unknown table {entity}")
        for column in table.get("fields", {}):
            if not known_field(_qualified(entity, column)):
                raise UsageError("system_unreadable", path=name, reason=f"unknown field {column}")
    return system | {"name": system.get("name", path.stem)}


def recognise(raw: RawTable, sample: pl.DataFrame, options: IngestOptions) -> Plan:
    """Find the system, the canonical table and the mapping of one raw table.

    A signature (column names that only one system writes) wins, if what the table requires is there; else the canonical
    table whose synonyms explain most columns and whose required fields are all there. `--system`, `--table` and `--map`
    overrule both.
    """
    by_name = {normalise(header): header for header in reversed(raw.header)}
    forced = next((entity for entity, pattern in options.tables if matches(raw, pattern)), None)
    if forced is not None and forced not in REQUIRED:
        raise UsageError("unknown_table", name=forced, known=", ".join(REQUIRED))
    signed = _by_signature(raw, by_name, options)
    if signed is not None and forced in (None, signed.entity):
        plan = _with_user_map(signed, by_name, raw, sample, options)
        if plan.entity == "other" or not missing((*plan.fields, *plan.literals), plan.entity):
            return plan
    return _with_user_map(_by_synonyms(by_name, sample, forced, raw.name), by_name, raw, sample, options)


def missing(plan_fields: Iterable[str], entity: str) -> list[str]:
    """The requirements of a table that a set of `table.field` names does not meet, each as `a|b`."""
    have = {name.removeprefix(entity + ".") for name in plan_fields}
    if not have.isdisjoint({"line_gross", "line_net"}):
        # Amounts before discount or tax make the amount.
        have.add("line_amount")
    return [
        "|".join(alternative for alternative in alternatives if "." not in alternative)
        for alternatives in REQUIRED[entity]
        if not any(all(part in have for part in alternative.split("&")) for alternative in alternatives)
    ]


def _qualified(entity: str, column: str) -> str:
    return column if "." in column else f"{entity}.{column}"


def matches(raw: RawTable, pattern: str) -> bool:
    """Whether a `--table` pattern means a table: by its name, its file's, or its sheet's."""
    return means(pattern, raw.name) or fnmatch(raw.sheet or raw.name, pattern)


def _by_signature(raw: RawTable, by_name: dict[str, str], options: IngestOptions) -> Plan | None:
    if options.system and (own := _best_signature([load_system(options.system)], raw, by_name)):
        return own
    return _best_signature(list(systems().values()), raw, by_name)


def _best_signature(candidates: list[dict[str, Any]], raw: RawTable, by_name: dict[str, str]) -> Plan | None:
    """The plan of the table whose signature fits best; of the systems, the one told comes before all others."""
    best: tuple[tuple[int, int, int], dict[str, Any], dict[str, Any]] | None = None
    for system in candidates:
        for table in system.get("table", []):
            required = [normalise(name) for name in table.get("all_of", [])]
            optional = [normalise(name) for name in table.get("any_of", [])]
            prefixes = tuple(normalise(name) for name in table.get("prefix_any", []))
            hits = sum(name in by_name for name in optional)
            hits += sum(name.startswith(prefixes) for name in by_name) if prefixes else 0
            if not all(name in by_name for name in required) or hits < table.get("min_hits", 0):
                continue
            named = any(matches(raw, pattern) for pattern in table.get("files", []))
            mapped = sum(normalise(name) in by_name for name in _headers_of(table))
            score = (mapped + len(required) + hits, int(named), len(required))
            if best is None or score > best[0]:
                best = (score, system, table)
    if best is None:
        return None
    _, system, table = best
    fields: dict[str, tuple[str, ...]] = {}
    literals: dict[str, str] = {}
    for column, source in table.get("fields", {}).items():
        name = _qualified(table["entity"], column)
        listed = [source] if isinstance(source, str) else source
        for header in listed:
            if header.startswith("="):
                literals[name] = header[1:]
        found = [by_name[normalise(header)] for header in listed if normalise(header) in by_name]
        if found:
            fields[name] = tuple(dict.fromkeys(found))
    return Plan(
        system=system["name"],
        title=f"{system.get('title', system['name'])} {table.get('title', '')}".strip(),
        entity=table["entity"],
        fields=fields,
        literals=literals,
        grain=table.get("grain", "row"),
        fill_down=tuple(by_name[normalise(name)] for name in table.get("fill_down", []) if normalise(name) in by_name),
        values=table.get("values", {}),
        wide=table.get("wide", {}),
        time_zone=system.get("time_zone"),
        date_order=table.get("date_order", system.get("date_order")) or None,
        phone_region=system.get("phone_region"),
        id_prefix=table.get("id_prefix", ""),
        company_ids=tuple(by_name.get(normalise(name), name) for name in table.get("company_ids", [])),
        id_cut=system.get("id_cut"),
        free_form=table.get("free_form", False),
    )


def _headers_of(table: dict[str, Any]) -> list[str]:
    listed: list[str] = []
    for source in table.get("fields", {}).values():
        listed += [source] if isinstance(source, str) else source
    return listed


def _by_synonyms(by_name: dict[str, str], sample: pl.DataFrame, forced: str | None, called: str) -> Plan:
    # What is paid looks like what is sold, but for what it is called.
    titled = forced == "payments" or bool(_PAYMENTS.search(called.lower()))
    paid = titled or not _PAYMENT_IDS.isdisjoint(by_name)
    scored = []
    for order, entity in enumerate(REQUIRED if forced is None else [forced]):
        own = {name: header for name, header in by_name.items() if titled or entity != "payments" or name not in _DAYS}
        fields = assigned(entity, own, sample)
        scored.append(((len(fields), paid and entity == "payments", -order), entity, fields, missing(fields, entity)))
    (size, *_), entity, _, lacking = max(scored, key=lambda entry: entry[0])
    best = max((entry for entry in scored if not entry[3]), key=lambda entry: entry[0], default=None)
    # A table that explains two more columns, yet lacks something, says that the rows are not what the best match says.
    lacks = tuple(f"{entity}.{need}" for need in lacking) if size else ()
    if best is None or (lacks and size >= best[0][0] + 2):
        return Plan(system="unknown", title="", entity="other", fields={}, lacks=lacks)
    _, entity, fields, _ = best
    grain = _GRAINS.get(entity, "row")
    return Plan(system="unknown", title="", entity=entity, fields=fields, grain=grain, free_form=True)


def assigned(entity: str, by_name: dict[str, str], sample: pl.DataFrame) -> dict[str, tuple[str, ...]]:
    """Give every column at most one field; makers first, each field takes its best-ranked column whose values fit."""
    fields: dict[str, tuple[str, ...]] = {}
    taken: set[str] = set()
    tables = [entity, "customers"] if entity in LINKED else [entity]
    wanted: list[tuple[int, int, str, str]] = []
    for table_order, table in enumerate(tables):
        for column, names in synonyms(table).items():
            if table != entity and (
                column == "created_at" or (column in TABLES[entity].names and column != "customer_id")
            ):
                continue
            for rank, name in enumerate(names):
                if name in by_name:
                    wanted.append((table_order, rank, f"{table}.{column}", by_name[name]))
    makers = {f"{entity}.{name}" for name in TABLES[entity].makers}
    for _, _, name, header in sorted(wanted, key=lambda entry: (entry[0], entry[2] not in makers, entry[1])):
        several = name in ("customers.phone", "customers.email") and name in fields
        if header in taken or (name in fields and not several) or not known_field(name):
            continue
        if fits(name, sample[header]):
            fields[name] = (*fields.get(name, ()), header)
            taken.add(header)
    return substituted(entity, fields)


def fits(name: str, values: pl.Series) -> bool:
    """Whether a column's values have the shape of a field; marks and second statuses must be known words."""
    column = name.partition(".")[2]
    if column in _SHAPED:
        return shapes.fits(values, _SHAPED[column])
    if column in ("consent", "opt_out"):
        known = [*words("bool_true"), *words("bool_false"), *words("consent_given"), *words("consent_refused")]
        return shapes.fits(values, "date") or shapes.among(values, known)
    if column in ("deleted", "posted", "payment_status"):
        known = words("bool_true") + words("bool_false")
        if column == "payment_status":
            known = known + [
                word for kind in ("paid", "pending", "cancelled", "refunded") for word in words(f"order_{kind}")
            ]
        return shapes.among(values, known)
    return shapes.fits(values, field_kind(name))


def _with_user_map(
    plan: Plan, by_name: dict[str, str], raw: RawTable, sample: pl.DataFrame, options: IngestOptions
) -> Plan:
    """Lay `--map` over a plan; fields that the table does not have make it the table that has them all.

    A source with none of the columns named is left as it is: the option may be meant for another file.
    """
    chosen: dict[str, tuple[str, ...]] = {}
    for name, column in options.fields:
        header = column if column in raw.header else by_name.get(normalise(column))
        if header is not None:
            chosen[name] = (header,)
    if not chosen:
        return plan
    for entity in dict.fromkeys([plan.entity, *REQUIRED] if plan.entity != "other" else REQUIRED):
        qualified = {_qualified(entity, name): headers for name, headers in chosen.items()}
        if not all(known_field(name) for name in qualified):
            continue
        used = {header for headers in qualified.values() for header in headers}
        found = plan.fields if entity == plan.entity else assigned(entity, by_name, sample)
        kept = {
            name: rest
            for name, headers in found.items()
            if name not in qualified and (rest := tuple(header for header in headers if header not in used))
        }
        fields = kept | qualified
        if entity == plan.entity:
            literals = {name: value for name, value in plan.literals.items() if name not in qualified}
            return replace(plan, fields=fields, literals=literals, told=frozenset(qualified))
        if not missing(fields, entity):
            grain = _GRAINS.get(entity, "row")
            told = frozenset(qualified)
            return Plan(
                system="unknown", title="", entity=entity, fields=fields, grain=grain, free_form=True, told=told
            )
    unknown = [name for name in chosen if not any(known_field(_qualified(entity, name)) for entity in TABLES)]
    if unknown:
        raise UsageError("unknown_field", name=unknown[0])
    return plan


def unmapped(plan: Plan, raw: RawTable) -> tuple[str, ...]:
    """Source columns that feed no field, in file order."""
    used = plan.mapped_headers()
    wide = [re.compile(pattern) for pattern in plan.wide.values()]
    return tuple(h for h in raw.header if h not in used and h != ROW and not any(p.search(h) for p in wide))
