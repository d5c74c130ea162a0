"""The scorecard of the data itself: how full, valid, unique, fresh and undisputed every field is, in money too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from acrm.analysis.evidence import ALIKE, DERIVED, agreement, people, share
from acrm.analysis.readiness import NEEDS
from acrm.analysis.result import Scalar
from acrm.schema import TABLES

if TYPE_CHECKING:
    import polars as pl

MEASURES = ("filled", "valid", "unique", "fresh", "agreeing", "revenue")
CONTACT = "contact"
"""The field that stands for e-mail and phone together: either will do."""
_UNIQUE = {
    "customers": {
        "customer_id": "customer_id",
        "tax_id": "tax_id",
        "card_number": "card_number",
        "email": "email_key",
        "phone": "phone_e164",
    },
    "products": {"product_id": "product_id"},
    "deals": {"deal_id": "deal_id"},
    "interactions": {"interaction_id": "interaction_id"},
    "units": {"unit": "unit"},
}
"""Fields whose values belong to one row each, and the column in which equal values are written alike."""
_FRESH = 1
"""Years within which something must have been confirmed to be fresh."""
_CHANGE = 0.001
_NEEDED = {column for need in NEEDS for column in need.columns if "|" not in column}
_NEEDED |= {f"customers.{CONTACT}", "deals.amount", "deals.customer_id", "interactions.customer_id"}
"""Fields whose empty cells cost something."""
_SLIGHT = 0.0005
"""Smaller shares of a table's rows are no problem worth a line."""
_PARSED = ("date", "datetime", "money", "number", "integer", "bool")


def scorecard(
    tables: Mapping[str, pl.LazyFrame],
    filled: Mapping[str, Mapping[str, int]],
    identities: pl.LazyFrame | None,
    as_of: date | None,
) -> pl.DataFrame:
    """One row per field of the canonical tables, sorted by table, in the order of the columns.

    Args:
        tables: Canonical tables; others are passed over.
        filled: Table -> column -> filled cells, rows under the empty name.
        identities: Every way in which a source names its customers, with `customer_id`.
        as_of: See `validity.newest_day`.

    Returns:
        Shares run from 0 to 1, rounded to six digits; null where there is nothing to divide by, or no rule.

        | column | meaning |
        |---|---|
        | `table`, `field` | the field; `contact` of customers is e-mail or phone, whichever is good |
        | `rows` | rows of the table |
        | `filled` | share of rows that tell it, unreadable values included |
        | `valid` | of these, the share that keeps the field's rule; null for texts without a rule |
        | `unique` | different values per valid value, of fields that name one row |
        | `fresh` | of the filled rows, the share confirmed in the last 12 months before the newest day |
        | `agreeing` | of the customers told of it by two files or more, the share of whom all tell the same |
        | `compared` | how many customers these are |
        | `revenue` | share of all sales to customers with a valid value (a filled one where there is no rule) |
    """
    import polars as pl

    from acrm.validity import years_before

    since = years_before(as_of, _FRESH) if as_of else None
    known = {name: frame for name, frame in sorted(tables.items()) if name in TABLES}
    marks = _marks(known)
    history, sales = people(known, as_of)
    queries = [_Measured(name, frame, filled[name], marks[name], as_of, since) for name, frame in known.items()]
    counted = pl.collect_all([query.counts(history, sales) for query in queries], engine="streaming")
    agreed = agreement(identities)
    rows = [
        row | (agreed.get(row["field"], {}) if query.table == "customers" else {})
        for query, counts in zip(queries, counted, strict=True)
        for row in query.rows(counts.row(0, named=True), sales)
    ]
    shares = dict.fromkeys(MEASURES, pl.Float64)
    schema = {"table": pl.String, "field": pl.String, "rows": pl.Int64, **shares, "compared": pl.Int64}
    return pl.DataFrame(rows, schema=schema)


def figures(card: pl.DataFrame) -> dict[str, Scalar]:
    """The measures by name: `<table>.<field>.<measure>`, those of customers also as `<field>.<measure>`."""
    found: dict[str, Scalar] = {}
    for row in card.iter_rows(named=True):
        for measure in MEASURES:
            found[f"{row['table']}.{row['field']}.{measure}"] = row[measure]
            if row["table"] == "customers":
                found[f"{row['field']}.{measure}"] = row[measure]
    return found


def changes(card: pl.DataFrame, before: pl.DataFrame | None) -> pl.DataFrame:
    """What differs from an earlier scorecard by a tenth of a percent or more: table, field, measure, before, now."""
    import polars as pl

    names = ["table", "field", "measure"]
    now = card.select("table", "field", *MEASURES).unpivot(index=names[:2], variable_name="measure", value_name="now")
    if before is None:
        return now.clear().select(*names, pl.lit(None, pl.Float64).alias("before"), "now")
    known = [measure for measure in MEASURES if measure in before.columns]
    then = before.unpivot(known, index=names[:2], variable_name="measure", value_name="before")
    both = now.join(then, on=names, how="inner").filter((pl.col("now") - pl.col("before")).abs() >= _CHANGE)
    return both.select(*names, "before", "now").sort(names)


def problems(card: pl.DataFrame) -> pl.DataFrame:
    """What is wrong with the fields of a scorecard, the most rows of a table first.

    `invalid`: told, but against the field's rule; `empty`: not told, where an analysis or a mailing needs it; `shared`:
    a value that should name one row names several; `disputed`: files tell different values of one customer.
    """
    import polars as pl

    told = pl.col("filled")
    needed = pl.concat_str("table", "field", separator=".").is_in(list(_NEEDED))
    lost = {
        "invalid": told * (1 - pl.col("valid")),
        "empty": pl.when(needed & (told > 0)).then(1 - told),
        "shared": told * pl.col("valid").fill_null(1) * (1 - pl.col("unique")),
        "disputed": (1 - pl.col("agreeing")) * pl.col("compared") / pl.col("rows"),
    }
    found = [
        card.select("table", "field", pl.lit(name).alias("problem"), "rows", part.round(6).alias("share"))
        for name, part in lost.items()
    ]
    serious = pl.concat(found).filter(pl.col("share") >= _SLIGHT)
    rows = (pl.col("rows") * pl.col("share")).round(0).cast(pl.Int64)
    return serious.with_columns(rows=rows).sort(["share", "table", "field", "problem"], descending=[True, *[False] * 3])


class _Measured:
    """What is counted of one table, and the shares that come of it."""

    def __init__(
        self,
        table: str,
        frame: pl.LazyFrame,
        filled: Mapping[str, int],
        marks: Mapping[str, set[str]],
        as_of: date | None,
        since: date | None,
    ) -> None:
        from acrm.validity import valid

        self.table, self._frame, self._filled, self._marks = table, frame, filled, marks
        self._as_of, self._since = as_of, since
        self._columns = [name for name in frame.collect_schema().names() if filled.get(name)]
        self._fields = [name for name in TABLES[table].names if name not in DERIVED]
        self._rules = valid(table, self._columns, as_of)
        self._contact = [name for name in ALIKE if table == "customers" and filled.get(name)]

    def counts(self, history: pl.LazyFrame, sales: Decimal | None) -> pl.LazyFrame:
        """One row of counts, named `<field>/<count>`."""
        import polars as pl

        frame = self._frame
        if self.table == "customers":
            frame = frame.join(history, on="customer_id", how="left")
        fresh = self._fresh()
        found = {} if fresh is None else {"/fresh": fresh.sum()}
        for field in self._fields:
            told = pl.col(field).is_not_null() if field in self._columns else pl.lit(False)
            good = self._good(field, told)
            if "unread" in self._marks.get(field, ()):
                unread = pl.col("_flags").str.contains(rf"(?:^| )(?:bad_value|impossible):{field}(?:=| |$)")
                found[f"{field}/unread"] = (unread & ~told).sum()
            if field not in self._columns:
                continue
            if good is not None:
                found[f"{field}/valid"] = good.sum()
            if key := self._key(field):
                found[f"{field}/unique"] = pl.col(key).drop_nulls().n_unique()
            if fresh is not None and self._filled[field] < self._filled[""]:
                found[f"{field}/fresh"] = (told & fresh).sum()
            if self.table == "customers" and sales:
                found[f"{field}/revenue"] = pl.when(told if good is None else good).then("_sales").sum()
        if self._contact:
            told = pl.any_horizontal(pl.col(name).is_not_null() for name in self._contact)
            rules = [self._rules[name] for name in self._contact if name in self._rules]
            good = pl.any_horizontal(rules) if rules else pl.lit(False)
            found |= {f"{CONTACT}/filled": told.sum(), f"{CONTACT}/valid": good.sum()}
            found |= {} if fresh is None else {f"{CONTACT}/fresh": (told & fresh).sum()}
            found |= {f"{CONTACT}/revenue": pl.when(good).then("_sales").sum()} if sales else {}
        return frame.select(pl.len().alias("rows"), *(count.alias(name) for name, count in found.items()))

    def rows(self, counts: Mapping[str, Any], sales: Decimal | None) -> list[dict[str, Any]]:
        """The rows of the scorecard."""
        rows = self._filled[""]
        made = []
        for field in [*self._fields, *([CONTACT] if self.table == "customers" else [])]:
            cells = self._filled.get(field, 0) if field != CONTACT else counts.get(f"{CONTACT}/filled", 0)
            told = cells + counts.get(f"{field}/unread", 0)
            good = counts.get(f"{field}/valid")
            if good is None and (f"{field}/unread" in counts or self._parsed(field)):
                good = cells
            fresh = counts.get(f"{field}/fresh", counts.get("/fresh") if cells == rows else None)
            key = self._key(field)
            made.append(
                {
                    "table": self.table,
                    "field": field,
                    "rows": rows,
                    "filled": share(told, rows),
                    "valid": share(good, told),
                    "unique": share(counts.get(f"{field}/unique"), self._filled[key] if key else 0),
                    "fresh": share(fresh, cells),
                    "revenue": share(counts.get(f"{field}/revenue", 0), sales) if self.table == "customers" else None,
                }
            )
        return made

    def _parsed(self, field: str) -> bool:
        return field != CONTACT and TABLES[self.table][field].kind in _PARSED

    def _key(self, field: str) -> str | None:
        key = _UNIQUE.get(self.table, {}).get(field)
        return key if self._filled.get(key or "") and field in self._columns else None

    def _good(self, field: str, told: pl.Expr) -> pl.Expr | None:
        import polars as pl

        good = self._rules.get(field)
        if field in ALIKE and self.table == "customers" and good is None:
            good = pl.lit(False)
        # A contact is judged by the key that was made of it.
        if "damaged" in self._marks.get(field, ()) and field not in ALIKE:
            damaged = pl.col("_flags").str.contains(rf"(?:^| )id_exponent:{field}(?: |$)").fill_null(False)
            good = (told if good is None else good) & ~damaged
        return good

    def _fresh(self) -> pl.Expr | None:
        """Whether a row was confirmed within the last 12 months; None where rows have no date."""
        import polars as pl

        from acrm.validity import HAPPENED

        dated = [name for name in HAPPENED.get(self.table, ()) if name in self._columns]
        if self._since is None or self._as_of is None or (not dated and self.table != "customers"):
            return None
        tests = [pl.col(name).cast(pl.Date).is_between(self._since, self._as_of) for name in dated]
        if self.table == "customers":
            tests.append(pl.col("_last") >= self._since)
        return pl.any_horizontal(tests).fill_null(False)


def _marks(tables: Mapping[str, pl.LazyFrame]) -> dict[str, dict[str, set[str]]]:
    """Table -> field -> what the flags of some row say of it: `unread`, or `damaged`."""
    import polars as pl

    flagged = [name for name, frame in tables.items() if "_flags" in frame.collect_schema().names()]
    queries = [tables[name].select(pl.col("_flags").drop_nulls().unique()) for name in flagged]
    found: dict[str, dict[str, set[str]]] = {name: {} for name in tables}
    said = {"bad_value": "unread", "impossible": "unread", "id_exponent": "damaged"}
    for name, flags in zip(flagged, pl.collect_all(queries, engine="streaming"), strict=True):
        for mark in {mark for row in flags.to_series() for mark in row.split(" ")}:
            rule, _, field = mark.partition(":")
            if rule in said:
                found[name].setdefault(field.partition("=")[0], set()).add(said[rule])
    return found
