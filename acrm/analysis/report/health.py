"""Whether the data carry the report: gates, each of a measure of the data, and what a broken one withholds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from acrm.analysis.result import Scalar
from acrm.messages import Message, listed

if TYPE_CHECKING:
    import polars as pl

Verdict = Literal["pass", "warn", "fail"]


@dataclass(frozen=True, kw_only=True)
class Gate:
    """A measure of the data: above `warn` it is said, above `fail` the figures it `affects` are withheld."""

    name: str
    warn: float
    fail: float
    affects: tuple[str, ...]
    unit: Literal["share", "days"] = "share"


_MONEY = ("revenue", "average_order", "margin", "trend", "pivot")
_PEOPLE = ("buyers", "new_buyers", "repeat_share", "cohorts", "rfm", "clv", "churn")
GATES = (
    Gate(name="rejected", warn=0.01, fail=0.3, affects=(*_MONEY, *_PEOPLE, "orders")),
    Gate(name="amount", warn=0.01, fail=0.1, affects=_MONEY),
    Gate(name="day", warn=0.01, fail=0.1, affects=("revenue", "orders", "trend", "cohorts", "churn")),
    Gate(name="customer", warn=0.05, fail=0.5, affects=_PEOPLE),
    Gate(name="later", warn=0.0, fail=0.1, affects=("trend", "cohorts", "churn")),
    Gate(name="shared_email", warn=0.02, fail=0.2, affects=_PEOPLE),
    Gate(name="shared_phone", warn=0.02, fail=0.2, affects=_PEOPLE),
    Gate(name="unmatched_customer", warn=0.01, fail=0.3, affects=("customer",)),
    Gate(name="unmatched_product", warn=0.01, fail=0.3, affects=("product", "margin")),
    Gate(name="unmatched_unit", warn=0.01, fail=0.3, affects=("unit",)),
    Gate(name="silent", warn=31, fail=366, affects=("churn",), unit="days"),
)
"""In the order in which they are shown; `report.gate.<name>` says what each measures."""
_AMOUNT, _DAY = ("missing_amount", "bad_amount"), ("missing_date", "bad_date")
_LOST = (*_AMOUNT, *_DAY, "too_many_fields", "unreadable", "missing_key")
"""Rules that take away a record, and not a heading, a total or what was no sale in the first place."""
_PARENTS = {"unmatched_customer": ("customers", "customer_id"), "unmatched_product": ("products", "product_id")}
_PARENTS |= {"unmatched_unit": ("units", "unit")}


@dataclass(frozen=True, kw_only=True)
class Health:
    """The gates and what follows.

    Attributes:
        table: In the order of `GATES`, those that can be measured: `gate`, `value`, `unit` (share, days), `rows` (how
            many are wrong), `of`, `warn`, `fail`, `verdict` (pass, warn, fail), `affects` (comma separated).
        withheld: Figures and sections that no chart may show.
        figures: `health.pass`, `.warn`, `.fail`: how many gates.
        notes: One for each that does not pass.
    """

    table: pl.DataFrame
    withheld: frozenset[str]
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def health(
    tables: Mapping[str, pl.LazyFrame],
    sold: Mapping[str, Scalar],
    *,
    scorecard: pl.DataFrame | None = None,
    rejects: pl.DataFrame | None = None,
    rows_in: int = 0,
    as_of: date | None = None,
) -> Health:
    """Measure the data by what reading and cleaning them has found.

    Args:
        tables: Canonical tables.
        sold: Figures of `read_sold`; empty where there are no orders.
        scorecard: As of `acrm.analysis.scorecard`: which contacts are shared.
        rejects: What was rejected on reading: `rule`, `table`.
        rows_in: Rows of all sources.
        as_of: Today, if it was given: the silence since the last event is measured from there.
    """
    import polars as pl

    measured = dict(_measured(tables, sold, scorecard, rejects, rows_in, as_of))
    rows = []
    for gate in GATES:
        if gate.name not in measured:
            continue
        bad, of = measured[gate.name]
        value = float(bad) if gate.unit == "days" else bad / of
        verdict: Verdict = "fail" if value > gate.fail else "warn" if value > gate.warn else "pass"
        rows.append(
            {
                "gate": gate.name,
                "value": value,
                "unit": gate.unit,
                "rows": bad if gate.unit == "share" else None,
                "of": of if gate.unit == "share" else None,
                "warn": gate.warn,
                "fail": gate.fail,
                "verdict": verdict,
                "affects": ", ".join(gate.affects),
            }
        )
    texts = dict.fromkeys(("verdict", "affects"), pl.String)
    numbers = {"rows": pl.Int64, "of": pl.Int64, "warn": pl.Float64, "fail": pl.Float64}
    table = pl.DataFrame(rows, schema={"gate": pl.String, "value": pl.Float64, "unit": pl.String, **numbers, **texts})
    failed = set(table.filter(verdict="fail")["gate"].to_list())
    withheld = frozenset(name for gate in GATES if gate.name in failed for name in gate.affects)
    figures: dict[str, Scalar] = {
        f"health.{verdict}": table.filter(verdict=verdict).height for verdict in ("pass", "warn", "fail")
    }
    return Health(table=table, withheld=withheld, figures=figures, notes=tuple(map(_note, _bad(rows))))


def _bad(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["verdict"] != "pass"]


def _note(row: dict[str, Any]) -> Message:
    what = Message(f"report.gate.{row['gate']}")
    if row["unit"] == "days":
        return Message(f"report.health_days_{row['verdict']}", {"what": what, "days": int(row["value"])})
    values = {"what": what, "share": row["value"], "rows": row["rows"], "of": row["of"]}
    if row["verdict"] == "warn":
        return Message("report.health_warn", values)
    return Message("report.health_fail", {**values, "withheld": listed(row["affects"].split(", "))})


def _measured(
    tables: Mapping[str, pl.LazyFrame],
    sold: Mapping[str, Scalar],
    scorecard: pl.DataFrame | None,
    rejects: pl.DataFrame | None,
    rows_in: int,
    as_of: date | None,
) -> Iterator[tuple[str, tuple[int, int]]]:
    """The measure of each gate: how many are wrong, of how many."""
    import polars as pl

    def number(name: str) -> int:
        value = sold.get(name, 0)
        return int(value) if isinstance(value, int) else 0

    def of_rules(rules: tuple[str, ...]) -> int:
        mine = rejects.filter(pl.col("rule").is_in(rules)) if rejects is not None else None
        return mine.filter(pl.col("table") == "transactions").height if mine is not None else 0

    if rows_in:
        yield "rejected", (rejects.filter(pl.col("rule").is_in(_LOST)).height if rejects is not None else 0, rows_in)
    lines = number("lines")
    if lines:
        for gate, rules, part in (("amount", _AMOUNT, 0), ("day", _DAY, number("lines_undated"))):
            lost = of_rules(rules)
            yield gate, (lost + part, lines + lost)
        yield "customer", (number("lines_without_customer"), lines)
        yield "later", (number("lines_after") if as_of is None else 0, lines)
    yield from _shared(scorecard)
    yield from _unmatched(tables)
    last = sold.get("last_on")
    if as_of is not None and isinstance(last, date):
        yield "silent", (max((as_of - last).days, 0), 1)


def _shared(scorecard: pl.DataFrame | None) -> Iterator[tuple[str, tuple[int, int]]]:
    """Contacts that stand at more than one customer."""
    if scorecard is None:
        return
    for field in ("email", "phone"):
        card = scorecard.filter(table="customers", field=field).drop_nulls("unique")
        filled = round(card["rows"][0] * card["filled"][0]) if card.height else 0
        if filled:
            yield f"shared_{field}", (round(filled * (1 - card["unique"][0])), filled)


def _unmatched(tables: Mapping[str, pl.LazyFrame]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Order lines that name what no list of it has, where there is a list."""
    import polars as pl

    lines = tables.get("transactions")
    names = lines.collect_schema().names() if lines is not None else []
    for gate, (table, key) in _PARENTS.items():
        if lines is None or table not in tables or key not in names:
            continue
        told = lines.select(key).drop_nulls()
        lost = told.join(tables[table].select(key), on=key, how="anti")
        some, missing = (int(part.item()) for part in pl.collect_all([told.select(pl.len()), lost.select(pl.len())]))
        if some:
            yield gate, (missing, some)
