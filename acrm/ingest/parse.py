"""Cells to canonical values: every column's decision is made on all of its values, then applied to whole columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from acrm.ingest import dates, numbers
from acrm.ingest.mapping import Plan, field_kind
from acrm.ingest.options import IngestOptions
from acrm.ingest.vocabulary import fold, folded, null_words, words
from acrm.schema import CHANNELS, NOWHERE

COMPANY = "company-"
"""Stands before the ids of companies where their system numbers its people from 1, too."""
_FLOAT_ID = rf"^({COMPANY})?'?-?\d+\.0+$"
_EXPONENT_ID = rf"^({COMPANY})?\d([.,]\d+)?[eE]\+\d+$"
_ADDRESS = r"([^\s<>();,]+@[^\s<>();,]+)"
_NAMED = r"^([^;@]*?)\s*(?:[(<][^;]*)?(?:;.*)?$"
"""The name in `Ann Lee (ann@example.com); Bob Ray (bob@example.com)`, the first of several."""
_NOBODY = ("", "guest", "гость", "00000000-0000-0000-0000-000000000000")
"""What shops write for the customer of an order that nobody signed in for."""
_ZEROS = ("0", "-1")
"""The same in systems that count their customers from 1; in a file of an unknown system 0 may be somebody."""
_IN_ONE = ("customers.full_name", "customers.email")
"""What one column may hold together, if it is mapped to both."""
_DAY = r"^20\d\d[./-]\d{1,2}[./-]\d{1,2}|^\d{1,2}[./-]\d{1,2}[./-](20)?\d\d\b"
_STRIP = " \t\r\n\u00a0\u202f\ufeff\u200b"


@dataclass
class Decisions:
    """What was decided about a table's values: how each date and number column is written, which ids lose a `.0`."""

    dates: dict[str, dates.DateFormat] = field(default_factory=dict)
    numbers: dict[str, numbers.NumberFormat] = field(default_factory=dict)
    float_ids: set[str] = field(default_factory=set)
    zone: str | None = None
    """Of the business day; None: the day as the source wrote it."""
    source_zone: str | None = None
    """Of times without an offset; None: UTC."""
    row_zones: dict[str, str] = field(default_factory=dict)
    """Of times whose row names its zone in a column of its own: its words -> IANA name."""
    currency: str | None = None
    """The one currency that the table's money texts or headers name."""
    marked: tuple[int, int] = (0, 0)
    """How many amounts carry the mark of a currency, out of how many that might."""


def cleaned(frame: pl.LazyFrame, headers: Iterable[str], dtypes: pl.Schema, plan: Plan) -> pl.LazyFrame:
    """Trim the text columns named by `headers` and empty their null words, once, before anything reads them.

    Of a channel "unknown" is an answer (`NOWHERE`) and stays.
    """
    texts = [header for header in headers if dtypes[header] == pl.String]
    nothing = null_words()
    something = [word for word in nothing if word.lower() not in NOWHERE]
    told = {header for name, own in plan.fields.items() if name.rpartition(".")[2] in CHANNELS for header in own}
    trimmed = frame.with_columns(pl.col(header).str.strip_chars(_STRIP) for header in texts)
    return trimmed.with_columns(
        pl.when(~pl.col(header).is_in(something if header in told else nothing)).then(pl.col(header)).alias(header)
        for header in texts
    )


def text_of(header: str, dtypes: pl.Schema) -> pl.Expr:
    """A source column as text; typed columns are written as their CSV would be."""
    column = pl.col(header)
    kind = dtypes[header]
    if kind == pl.String:
        return column
    if kind == pl.Datetime:
        return column.dt.strftime("%Y-%m-%d %H:%M:%S%.f")
    if kind.is_float():
        whole = column.is_finite() & (column == column.round(0)) & (column.abs() < 1e15)
        return (
            pl.when(whole).then(column.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(column.cast(pl.String))
        )
    return column.cast(pl.String)


def source_text(plan: Plan, name: str, dtypes: pl.Schema) -> pl.Expr:
    """The text of a `table.field`: its literal, or its source columns; several phones and e-mails stay side by side."""
    if name in plan.literals:
        return pl.lit(plan.literals[name])
    texts = [text_of(header, dtypes) for header in plan.fields[name]]
    if plan.company_ids and name.endswith(".customer_id"):
        marks = [COMPANY if header in plan.company_ids else "" for header in plan.fields[name]]
        texts = [pl.concat_str(pl.lit(mark), text) for mark, text in zip(marks, texts, strict=True)]
    if name in _IN_ONE and set(plan.fields.get(_IN_ONE[0], ())) & set(plan.fields.get(_IN_ONE[1], ())):
        found = [text.str.extract(_NAMED if name == _IN_ONE[0] else _ADDRESS) for text in texts]
        texts = [pl.when(text != "").then(text) for text in found]
    said = plan.values.get(name.partition(".")[2])
    if said and not name.endswith((".status", ".stage")):
        ours = {fold(word): word_of_ours for word, word_of_ours in said.items()}
        texts = [
            pl.coalesce(folded(text).replace_strict(ours, default=None, return_dtype=pl.String), text) for text in texts
        ]
    if name == "transactions.ordered_at" and "transactions.time_of_day" in plan.fields:
        return _with_time(pl.coalesce(texts), source_text(plan, "transactions.time_of_day", dtypes))
    if name in ("customers.phone", "customers.email") and len(texts) > 1:
        joined = pl.concat_str(texts, separator="; ", ignore_nulls=True)
        return pl.when(joined != "").then(joined)
    return pl.coalesce(texts) if len(texts) > 1 else texts[0]


def is_told(plan: Plan, name: str, dtypes: pl.Schema) -> pl.Expr:
    """Whether a row says anything of a `table.field`; of typed columns without a look at how they would be written."""
    headers = plan.fields.get(name, ())
    if not headers or any(dtypes[header] == pl.String for header in headers):
        return source_text(plan, name, dtypes).is_not_null()
    return pl.any_horizontal(_says(pl.col(header), dtypes[header]) for header in headers)


def _says(cell: pl.Expr, kind: pl.DataType) -> pl.Expr:
    dated = kind in (pl.Date, pl.Datetime)
    return cell.is_not_null() & ~cell.dt.date().is_in(dates.NO_DAYS) if dated else cell.is_not_null()


def _with_time(day: pl.Expr, time: pl.Expr) -> pl.Expr:
    """A day and the time that stands in a column of its own; a day that has a time already keeps it."""
    bare = day.str.replace(r"[ T]0?0:00(:00(\.0+)?)?$", "")
    fits = time.str.contains(r"^\d{1,2}:\d{2}") & ~bare.str.contains(":", literal=True)
    return pl.when(fits).then(pl.concat_str(bare, pl.lit(" "), time)).otherwise(day)


def decide(plan: Plan, names: list[str], sample: pl.DataFrame, options: IngestOptions) -> Decisions:
    """Decide how every date, number and id column of the plan is written, from the sample's values.

    A column whose values leave the day order or the decimal mark open follows the option, then the file's other
    columns, then the system's own habit; if none decides, `doubt` stays set for the caller.
    """
    decisions = Decisions(zone=options.time_zone or plan.time_zone, source_zone=plan.time_zone or options.time_zone)
    texts: dict[str, pl.Series] = {}
    for name in names:
        if name in plan.literals:
            continue
        if _direct(plan, name, sample.schema, decisions) is None:
            texts[name] = sample.select(source_text(plan, name, sample.schema).alias("v")).to_series().unique()
        _decide_alone(name, texts.get(name), decisions, options)
    decisions.float_ids = float_ids(plan, names, sample.lazy())
    if "transactions.zone" in names:
        told = sample.select(source_text(plan, "transactions.zone", sample.schema).alias("v")).to_series().unique()
        decisions.row_zones = dates.zones(told)
    proven = [form for form in decisions.dates.values() if not form.doubt and not form.either]
    orders = {form.order for form in proven if form.order in ("dmy", "mdy")}
    order = orders.pop() if len(orders) == 1 else plan.date_order
    for name, form in decisions.dates.items():
        if form.doubt and order:
            decisions.dates[name] = dates.decide(texts[name], order)
    marks = {form.decimal for form in decisions.numbers.values() if form.decimal}
    mark = marks.pop() if len(marks) == 1 else None
    for name, number in decisions.numbers.items():
        if number.doubt and mark:
            decisions.numbers[name] = numbers.decide(texts[name], mark)
    return decisions


def _decide_alone(name: str, values: pl.Series | None, decisions: Decisions, options: IngestOptions) -> None:
    """Decide a field from its own texts; a column that is converted straight (no texts) needs no decision."""
    kind = field_kind(name)
    if kind in ("date", "datetime"):
        decisions.dates[name] = dates.DateFormat() if values is None else dates.decide(values, options.date_order)
    elif kind in ("money", "number", "integer"):
        form = numbers.NumberFormat() if values is None else numbers.decide(values, options.decimal)
        decisions.numbers[name] = form


def float_ids(plan: Plan, names: Iterable[str], frame: pl.LazyFrame, *, or_empty: bool = False) -> set[str]:
    """The id fields whose texts all end in `.0`, as a spreadsheet writes whole numbers; or that have no text at all."""
    dtypes = frame.collect_schema()
    ids = [name for name in names if field_kind(name) == "id" and name not in plan.literals]
    ids = [name for name in ids if all(dtypes[header] == pl.String for header in plan.fields[name])]
    if not ids:
        return set()
    texts = [source_text(plan, name, dtypes) for name in ids]
    tests = [text.str.contains(_FLOAT_ID).all() & (text.is_not_null().any() | or_empty) for text in texts]
    held = frame.select(test.alias(name) for name, test in zip(ids, tests, strict=True)).collect(engine="streaming")
    return {name for name in ids if held[name].item()}


def value(plan: Plan, name: str, dtypes: pl.Schema, decisions: Decisions) -> pl.Expr:
    """The canonical value of a `table.field` as an expression over the raw frame; what does not parse is null."""
    kind = field_kind(name)
    direct = _direct(plan, name, dtypes, decisions)
    if direct is not None:
        return direct
    text = source_text(plan, name, dtypes)
    if kind == "datetime":
        return _instant(plan, name, dtypes, decisions)
    if kind == "date":
        found = dates.business_day(text, decisions.dates[name], None)
        if name.endswith(".birth_date") and dates.has_short_years(decisions.dates[name]):
            others = [other for other in decisions.dates if field_kind(other) == "datetime" and other in plan.fields]
            return dates.in_the_past(found, [value(plan, other, dtypes, decisions).dt.date() for other in others])
        return found
    if kind in ("money", "number"):
        return numbers.parse(text, decisions.numbers[name], shares=kind == "number" or name.endswith(".discount"))
    if name == "interactions.duration_seconds":
        return _seconds(text, decisions.numbers[name])
    if kind == "integer":
        return numbers.parse(text, decisions.numbers[name]).round(0, mode="half_away_from_zero").cast(pl.Int64)
    if kind == "bool":
        return boolean(text, name.partition(".")[2])
    if kind == "id":
        bare = text.str.strip_chars_start("'")
        return _own_id(plan, name, bare.str.replace(r"\.0+$", "") if name in decisions.float_ids else bare)
    return text


def _instant(plan: Plan, name: str, dtypes: pl.Schema, decisions: Decisions) -> pl.Expr:
    """A time in UTC; where rows name their zone in a column of its own, each is taken in its own."""
    text, form = source_text(plan, name, dtypes), decisions.dates.get(name, dates.DateFormat())
    time = dates.instant(text, form, decisions.source_zone)
    if name != "transactions.ordered_at":
        return time
    for word, zone in decisions.row_zones.items():
        here = source_text(plan, "transactions.zone", dtypes) == word
        time = pl.when(here).then(dates.instant(text, form, zone)).otherwise(time)
    return time


def _own_id(plan: Plan, name: str, bare: pl.Expr) -> pl.Expr:
    """An id as its system means it: the first of several customers, cut and prefixed as the system asks."""
    if name.endswith(".customer_id"):
        if plan.entity != "customers":
            nobody = _NOBODY if plan.system == "unknown" else (*_NOBODY, *_ZEROS)
            bare = pl.when(~bare.str.to_lowercase().is_in(nobody)).then(bare)
        bare = bare.str.replace(r"^([\w-]+)\s*;.*$", "${1}")
    if plan.id_cut:
        long = bare.str.len_chars() == plan.id_cut + 3
        bare = pl.when(long).then(bare.str.slice(0, plan.id_cut)).otherwise(bare)
    if plan.id_prefix and name.startswith(f"{plan.entity}.") and not name.endswith(".customer_id"):
        bare = pl.concat_str(pl.lit(plan.id_prefix), bare)
    return bare


def _seconds(text: pl.Expr, form: numbers.NumberFormat) -> pl.Expr:
    """A duration in seconds, from a number of seconds or h:mm:ss."""
    clock = text.str.extract_groups(r"^(?:(\d+):)?(\d{1,2}):(\d{2})$")
    parts = [clock.struct.field(str(place)).cast(pl.Int64, strict=False).fill_null(0) for place in (1, 2, 3)]
    spoken = parts[0] * 3600 + parts[1] * 60 + parts[2]
    return pl.when(text.str.contains(":")).then(spoken).otherwise(numbers.parse(text, form).round(0).cast(pl.Int64))


def day(plan: Plan, name: str, dtypes: pl.Schema, decisions: Decisions) -> pl.Expr:
    """The business day of a datetime field whose value already stands in the frame as the column `name`."""
    form = decisions.dates.get(name)
    if form is not None and form.has_offset and decisions.zone is None:
        return dates.business_day(source_text(plan, name, dtypes), form, None)
    if decisions.row_zones and decisions.zone is None and name == "transactions.ordered_at" and form is not None:
        return dates.business_day(source_text(plan, name, dtypes), form, None)
    aware = [header for header in plan.fields.get(name, ()) if getattr(dtypes[header], "time_zone", None)]
    if aware and decisions.zone is None:
        return pl.col(aware[0]).dt.date()
    return (pl.col(name).dt.convert_time_zone(decisions.zone) if decisions.zone else pl.col(name)).dt.date()


def _direct(plan: Plan, name: str, dtypes: pl.Schema, decisions: Decisions) -> pl.Expr | None:
    """Straight conversion of a field whose one source column is typed, or None when its text is the way."""
    headers = plan.fields.get(name, ())
    timed = name == "transactions.ordered_at" and "transactions.time_of_day" in plan.fields
    if name in plan.literals or len(headers) != 1 or timed:
        return None
    column, kind_in, kind = pl.col(headers[0]), dtypes[headers[0]], field_kind(name)
    if kind in ("date", "datetime") and kind_in.is_temporal():
        if kind == "date":
            return dates.told_day(column.cast(pl.Date))
        time = column.cast(pl.Datetime("us", getattr(kind_in, "time_zone", None)))
        if getattr(kind_in, "time_zone", None):
            time = time.dt.convert_time_zone("UTC")
        elif decisions.source_zone and kind_in != pl.Date:
            time = dates.in_utc(time, decisions.source_zone)
        else:
            time = time.dt.replace_time_zone("UTC")
        return dates.told_day(time, "UTC")
    if kind in ("money", "number") and (kind_in.is_numeric() or kind_in.is_decimal()):
        return numbers.of_typed(column, kind_in)
    if kind == "integer" and kind_in.is_numeric():
        return column.cast(pl.Int64, strict=False)
    if kind == "bool" and kind_in == pl.Boolean and name.partition(".")[2] not in plan.values:
        return column
    return None


def boolean(text: pl.Expr, column: str = "") -> pl.Expr:
    """Yes and no words of the vocabulary to true and false, else null.

    `consent` and `opt_out` have more of them, and a date there is a yes: the day it was said.

    >>> pl.DataFrame({"t": ["Да", "no", "maybe"]}).select(boolean(pl.col("t")))["t"].to_list()
    [True, False, None]
    >>> answers = pl.DataFrame({"t": ["Отписан", "subscribed", "2026-01-05 10:00:00"]})
    >>> [answers.select(boolean(pl.col("t"), column))["t"].to_list() for column in ("consent", "opt_out")]
    [[False, True, True], [True, False, True]]
    """
    answers = {fold(word): True for word in words("bool_true")} | {fold(word): False for word in words("bool_false")}
    if column in ("consent", "opt_out"):
        given = column == "consent"
        answers |= {fold(word): given for word in words("consent_given")}
        answers |= {fold(word): not given for word in words("consent_refused")}
    answers.pop("", None)
    said = folded(text).replace_strict(answers, default=None, return_dtype=pl.Boolean)
    return said | text.str.contains(_DAY) if column in ("consent", "opt_out") else said


def exponent_id(plan: Plan, name: str, dtypes: pl.Schema) -> pl.Expr:
    """Whether an id was written as 1,23E+12, its last digits lost before the file reached us."""
    return source_text(plan, name, dtypes).str.contains(_EXPONENT_ID).fill_null(False)
