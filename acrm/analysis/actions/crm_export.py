"""What an operational CRM imports: its own ids with segment and action, only of customers for whom they changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from typing import TYPE_CHECKING

from acrm.analysis.actions.actions import ActionsResult
from acrm.analysis.actions.scenarios import action_name
from acrm.analysis.people.consent import refusing
from acrm.errors import InputError, UsageError
from acrm.messages import listed

if TYPE_CHECKING:
    import polars as pl

_COMPANY = "company-"
"""Stands before the ids of companies, which are no contacts."""
_OURS = {
    "segment": "Сегмент",
    "action": "Действие",
    "channel": "Канал",
    "owner": "Исполнитель",
    "due": "Срок",
    "reason": "Причина",
    "expected_value": "Ожидаемая ценность",
    "decision_id": "Решение",
}
"""Our columns as fields of a Russian CRM; the employee is no `Ответственный`, lest an import hands contacts over."""
_STATE = ("system", "customer_id", "id", "sent", "before", "as_of")


@dataclass(frozen=True)
class Target:
    """How a system wants its file: the columns in order, ours to theirs, and whether it writes as Russians do.

    `russian`: `;`, decimal comma, dd.mm.yyyy; else CSV as everywhere.
    """

    columns: Mapping[str, str]
    russian: bool


_ACTION = tuple(name for name in _OURS if name != "segment")
_PLAIN = ("id", "segment", "action", "channel", "owner", "due", "reason", "expected_value", "decision_id")
TARGETS: Mapping[str, Target] = {
    "amocrm": Target(
        {"id": "ID", "full_name": "Полное имя контакта", "phone": "Рабочий телефон", "email": "Рабочий email", **_OURS},
        russian=True,
    ),
    "bitrix24": Target(
        {
            "id": "ID",
            "first_name": "Имя",
            "last_name": "Фамилия",
            "phone": "Рабочий телефон",
            "email": "Рабочий e-mail",
            **_OURS,
        },
        russian=True,
    ),
    "csv": Target({name: "customer_id" if name == "id" else name for name in _PLAIN}, russian=False),
}
"""Contacts of amoCRM and Bitrix24 as their own exports call the columns; any other system by our ids."""


@dataclass(frozen=True)
class Export:
    """The rows to import, under the system's names; `sent`, what all systems know now; companies left out."""

    rows: pl.DataFrame
    sent: pl.DataFrame
    companies: int


def export(
    system: str,
    result: ActionsResult,
    segments: pl.DataFrame,
    identities: pl.DataFrame | None,
    customers: pl.DataFrame | None,
    sent: pl.DataFrame | None,
    decided: pl.DataFrame | None = None,
) -> Export:
    """Make what a system imports after a plan.

    One row for each id that a customer has in the system. Who has no action now keeps the decision that is due on the
    day or later; without one, and for the control, the cells of the action are empty. Rows that say what was sent on an
    earlier day are left out; an export made again for the same day is the same.

    Args:
        system: One of `TARGETS`.
        result: The plan.
        segments: `customer_id` and `segment` of all customers.
        identities: `customer_id` and `ref`, by which a store knows the ids of each system.
        customers: Names and contacts, by which the systems find duplicates, as far as known.
        sent: What `Export.sent` said after the last export.
        decided: The table `decisions` of the store, if there is any.

    Raises:
        UsageError: There is no such system.
        InputError: No customer has an id of the system.
    """
    import polars as pl

    if result.params.as_of is None:
        raise UsageError("segment_no_day")
    if system not in TARGETS:
        raise UsageError("export_system", value=system, known=listed(TARGETS))
    target = TARGETS[system]
    ids, companies = _ids(system, segments, identities)
    told: dict[str, tuple[str, ...]] = {"phone": ("phone_e164", "phone"), "email": ("email_key", "email")}
    told |= {name: (name,) for name in ("full_name", "first_name", "last_name")}
    rows = ids.join(segments.select("customer_id", "segment"), on="customer_id")
    actions = result.tables["actions"].filter(~pl.col("control")).select("customer_id", *_ACTION)
    if decided is not None:
        actions = pl.concat([actions, _in_force(decided, result, customers)])
    names = {action: action_name(action) for action in actions["action"].unique()}
    rows = rows.join(actions, on="customer_id", how="left").with_columns(
        pl.col("segment").cast(pl.String), pl.col("action").replace_strict(names, default=None, return_dtype=pl.String)
    )
    if customers is not None:
        have = {name: [one for one in ours if one in customers.columns] for name, ours in told.items()}
        known = customers.select("customer_id", **{name: pl.coalesce(of) for name, of in have.items() if of})
        rows = rows.join(known.unique("customer_id"), on="customer_id", how="left")
    missing = [name for name in target.columns if name not in rows.columns]
    day = pl.col("due").dt.strftime("%d.%m.%Y") if target.russian else pl.col("due").cast(pl.String)
    rows = rows.with_columns(*(pl.lit(None, pl.String).alias(name) for name in missing), day.alias("due"))
    rows = rows.sort("customer_id", "id")
    state = _state(system, rows, target, sent, result.params.as_of)
    new = rows.filter((state["sent"] != state["before"]).fill_null(True))
    others = [] if sent is None else [sent.filter(pl.col("system") != system).select(_STATE)]
    return Export(
        rows=new.select(pl.col(ours).alias(theirs) for ours, theirs in target.columns.items()),
        sent=pl.concat([*others, state]).sort("system", "customer_id", "id"),
        companies=companies,
    )


def _ids(system: str, segments: pl.DataFrame, identities: pl.DataFrame | None) -> tuple[pl.DataFrame, int]:
    """The ids of a system's people, and how many companies of it are left out."""
    import polars as pl

    if system == "csv":
        return segments.select("customer_id", id="customer_id"), 0
    empty = pl.DataFrame(schema={"customer_id": pl.String, "ref": pl.String})
    refs = (empty if identities is None else identities.select("customer_id", "ref")).drop_nulls().unique()
    own = refs.filter(pl.col("ref").str.starts_with(f"id:{system}:"))
    found = own.select("customer_id", id=pl.col("ref").str.strip_prefix(f"id:{system}:"))
    found = found.join(segments.select("customer_id"), on="customer_id", how="semi")
    people = found.filter(~pl.col("id").str.starts_with(_COMPANY))
    if people.is_empty():
        kinds = refs["ref"].str.extract(r"^id:([^:]*):").drop_nulls().unique().sort()
        raise InputError("export_no_ids", system=system, known=listed(kinds) or "-")
    return people, found.height - people.height


def _in_force(decided: pl.DataFrame, result: ActionsResult, customers: pl.DataFrame | None) -> pl.DataFrame:
    """The newest decision that is still to be carried out of each customer of whom the plan says nothing."""
    import polars as pl

    day = pl.lit(result.params.as_of)
    due = decided.filter(pl.col("made_at") < day, pl.col("due") >= day, ~pl.col("control").fill_null(False))
    due = due.join(result.tables["actions"], on="customer_id", how="anti")
    if customers is not None:
        due = due.join(refusing({"customers": customers.lazy()}).to_frame(), on="customer_id", how="anti")
    newest = due.sort("customer_id", "made_at", "due", "decision_id").unique("customer_id", keep="last")
    return newest.select(pl.col(name).cast(result.tables["actions"].schema[name]) for name in ("customer_id", *_ACTION))


def _state(system: str, rows: pl.DataFrame, target: Target, sent: pl.DataFrame | None, as_of: date) -> pl.DataFrame:
    """What each row says now, and what it said at the end of the last day before this one on which it was sent."""
    import polars as pl

    cells = rows.select(target.columns.keys()).cast(pl.String).iter_rows()
    now = [blake2b("\x1f".join(cell or "" for cell in row).encode(), digest_size=8).hexdigest() for row in cells]
    text = pl.String()
    earlier = pl.DataFrame(schema={**dict.fromkeys(_STATE[:-1], text), "as_of": pl.Date()}) if sent is None else sent
    was = earlier.filter(system=system).select(
        "customer_id", "id", before=pl.when(pl.col("as_of") < as_of).then("sent").otherwise("before")
    )
    made = rows.select("customer_id", "id", sent=pl.Series(now, dtype=pl.String))
    made = made.join(was, on=["customer_id", "id"], how="left", maintain_order="left")
    return made.with_columns(system=pl.lit(system), as_of=pl.lit(as_of)).select(_STATE)
