"""Texts to times: one decision for a whole column, from all of its values, refused when both day orders fit."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass, replace
from datetime import date, datetime

import polars as pl

from acrm.errors import InputError
from acrm.ingest import spelling
from acrm.ingest.vocabulary import words

_NUMERIC = (
    r"^'?(?<a>\d{1,4})(?<sep>[./-])(?<b>\d{1,2})[./-](?<c>\d{1,4})"
    r"(?:(?<t>[ T])\s*(?<h>\d{1,2}):\d{2}(?<s>:\d{2})?(?<f>\.\d+)?\s*(?<p>[AaPp]\.?[Mm]\.?)?)?"
    r"\s*(?<z>Z|UTC|[+-]\d{2}:?\d{2})?$"
)
_OFFSET = r"\s*(Z|UTC|[+-]\d{2}:?\d{2})$"
_COMPACT = r"^\d{8}$"
_COMPACT_TIME = r"^\d{14}$"
_SERIAL = r"^[2-7]\d{4}([.,]\d+)?$"
_EPOCH = r"^\d{10}$"
_EPOCH_MS = r"^\d{13}$"
_KNOWN = "|".join(f"(?:{pattern})" for pattern in (_NUMERIC, _COMPACT, _COMPACT_TIME, _SERIAL, _EPOCH, _EPOCH_MS))
# What 1C (year 1), Access and Excel write for "no date"; years below 1000 also catch `%Y` having read `26`.
_FIRST = datetime(1000, 1, 1)  # noqa: DTZ001  # naive: the zone of the column is set on it
# The year 9999 is how systems write "never", and what comes after it no calendar of ours knows.
_LAST = datetime(9999, 1, 1)  # noqa: DTZ001  # as above
_NULL_DAYS = (date(1899, 12, 30), date(1899, 12, 31), date(1900, 1, 1))
NO_DAYS = (date(1, 1, 1), date(1899, 12, 30))
"""Days of which it is sure that they stand for none: a row with one says nothing, rather than something wrong."""
_NO_LATER_BIRTH = date(2026, 12, 31)
"""Nobody in a file whose rows have no other date is taken to be born later; the clock is never asked."""


@dataclass(frozen=True, kw_only=True)
class DateFormat:
    """How a column's times are written.

    `formats` are chrono formats tried in turn; special ones are `serial`, `epoch` and `epoch_ms`. `order` is dmy, mdy
    or ymd; None when no value needs it. `doubt` is an example that reads both ways when nothing decided.
    """

    formats: tuple[str, ...] = ()
    order: str | None = None
    has_offset: bool = False
    doubt: str | None = None
    either: bool = False
    """Both day orders read every value, and read it the same: 05/05/2024."""
    mixed: tuple[str, str] | None = None
    """Two values of one column that contradict each other on the order."""
    year_open: bool = False
    """The doubt is whether a year of two digits stands first or last."""
    spoken: bool = False
    """Some value is written in a way that `spelling.numeric` has to rewrite before a format reads it."""


def decide(values: pl.Series, preferred: str | None = None) -> DateFormat:
    """Decide how a column of texts writes its dates, from its distinct values.

    Args:
        values: Texts; null words already gone.
        preferred: The order to take where the values leave it open: `--date-order`, or that of the file's others.

    Examples:
        >>> decide(pl.Series(["1/13/2024", "2/3/2024"])).formats
        ('%m/%d/%Y',)
        >>> decide(pl.Series(["01.02.2026 0:00:00"])).formats
        ('%d.%m.%Y %H:%M:%S',)
        >>> decide(pl.Series(["01/02/2024"])).doubt
        '01/02/2024'
    """
    texts = values.drop_nulls().str.strip_chars().unique().sort()
    if texts.is_empty():
        return DateFormat()
    odd = texts.filter(~texts.str.contains(_KNOWN) | texts.str.contains(spelling.MIDNIGHT))
    rewritten = odd.to_frame("text").select(spelling.numeric(pl.col("text"))).to_series() if odd.len() else odd
    # Text that stays unread, such as "soon", must not make the whole column pay for rewriting.
    spoken = bool(rewritten.str.contains(_KNOWN).any())
    if spoken:
        texts = pl.concat([texts.filter(~texts.is_in(odd.implode())), rewritten]).unique().sort()
    shapes = (
        texts.to_frame("text")
        .with_columns(pl.col("text").str.extract_groups(_NUMERIC).alias("g"))
        .unnest("g")
        .filter(pl.col("a").is_not_null())
    )
    decided = _numeric(shapes, preferred) if shapes.height else DateFormat()
    rest = texts.filter(~texts.str.contains(_NUMERIC)) if shapes.height < texts.len() else texts.clear()
    formats = list(decided.formats)
    for pattern, name in (
        (_COMPACT_TIME, "%Y%m%d%H%M%S"),
        (_COMPACT, "%Y%m%d"),
        (_EPOCH_MS, "epoch_ms"),
        (_EPOCH, "epoch"),
        (_SERIAL, "serial"),
    ):
        if rest.str.contains(pattern).any():
            formats.append(name)
            rest = rest.filter(~rest.str.contains(pattern))
    return replace(decided, formats=tuple(formats), spoken=spoken)


def _numeric(shapes: pl.DataFrame, preferred: str | None) -> DateFormat:
    forms = (
        shapes.with_columns(
            year_first=pl.col("a").str.len_chars() == 4,
            short_year=(pl.col("a").str.len_chars() < 4) & (pl.col("c").str.len_chars() <= 2),
            first=pl.col("a").cast(pl.Int32),
            second=pl.col("b").cast(pl.Int32),
            third=pl.col("c").cast(pl.Int32),
            suffix=_suffix(),
        )
        .group_by("year_first", "short_year", "sep", "suffix")
        .agg(
            pl.len(),
            pl.col("text").filter(pl.col("first") > 12).min().alias("day_first"),
            pl.col("text").filter(pl.col("second") > 12).min().alias("day_second"),
            (pl.col("second") > 12).sum().alias("days_second"),
            pl.col("text").filter(pl.col("first") != pl.col("second")).min().alias("unequal"),
        )
        .sort(["len", "sep", "suffix", "year_first", "short_year"], descending=[True, False, False, True, False])
    )
    # Dots are written day first everywhere, unless many values cannot be; other marks need a value above 12 in one of
    # the two places.
    dotted = forms.filter(~pl.col("year_first") & (pl.col("sep") == "."))
    american = dotted["day_first"].is_null().all() and dotted["days_second"].sum() * 3 >= dotted["len"].sum() > 0
    open_forms = forms.filter(~pl.col("year_first") & ((pl.col("sep") != ".") | american))
    short = forms.filter("short_year")
    if short.height:
        years = shapes.filter((pl.col("a").str.len_chars() < 4) & (pl.col("c").str.len_chars() <= 2))
        year = _short_year(years, dots=bool((short["sep"] == ".").all()), preferred=preferred)
        if year == "first":
            # Values of other forms in the column keep their own day order.
            return _formats(forms, "ymd", short_first=True)
        if year is None:
            return replace(_formats(forms, "dmy"), doubt=str(years["text"].min()), year_open=True)
    dmy, mdy = open_forms["day_first"].drop_nulls().min(), open_forms["day_second"].drop_nulls().min()
    doubt = mixed = None
    either = False
    order = "ymd" if forms["year_first"].all() else "dmy"
    if dmy is not None and mdy is not None and preferred not in ("dmy", "mdy"):
        mixed = (str(dmy), str(mdy))
    elif mdy is not None and dmy is not None:
        order = str(preferred)
    elif mdy is not None:
        order = "mdy"
    elif dmy is None and open_forms.height:
        if preferred in ("dmy", "mdy"):
            order = preferred
        elif (example := open_forms["unequal"].drop_nulls().min()) is not None:
            doubt = str(example)
        else:
            either = True
    return replace(_formats(forms, order, american=american), doubt=doubt, either=either, mixed=mixed)


def _suffix() -> pl.Expr:
    """The format of what follows the date: time, fraction, am or pm, offset."""
    time = pl.concat_str(
        "t",
        pl.when(pl.col("p").is_null()).then(pl.lit("%H:%M")).otherwise(pl.lit("%I:%M")),
        pl.when(pl.col("s").is_null()).then(pl.lit("")).otherwise(pl.lit(":%S")),
        pl.when(pl.col("f").is_null()).then(pl.lit("")).otherwise(pl.lit("%.f")),
        pl.when(pl.col("p").is_null()).then(pl.lit("")).otherwise(pl.lit(" %p")),
    )
    return pl.concat_str(
        pl.when(pl.col("t").is_null()).then(pl.lit("")).otherwise(time),
        pl.when(pl.col("z").is_null()).then(pl.lit("")).otherwise(pl.lit("%z")),
    )


def _short_year(dates: pl.DataFrame, *, dots: bool, preferred: str | None) -> str | None:
    """Where the year of two digits stands: `first`, `last`, or None when both fit.

    A year has two digits, a day is 31 at most, a month 12. Where that leaves both open, years are the narrow part: days
    run over the month while years hardly change. Between dots the year is last unless it cannot be.

    Args:
        dates: Numeric dates with the parts `a`, `b`, `c`.
        dots: All of them are written with dots.
        preferred: `--date-order`.
    """
    a, b, c = (dates[part].cast(pl.Int32) for part in "abc")
    may_be_first = bool((dates["a"].str.len_chars() == 2).all()) and _top(b) <= 12 and 1 <= _low(c) <= _top(c) <= 31
    # Day or month first: a day above 12 in one of the two places at most, never above 31.
    may_be_last = bool((dates["c"].str.len_chars() == 2).all()) and _low(a) >= 1 and _top(a) <= 31
    may_be_last = may_be_last and (_top(a) <= 12 or _top(b) <= 12)
    if not (may_be_first and may_be_last):
        return "first" if may_be_first else "last"
    if preferred or dots:
        return "first" if preferred == "ymd" else "last"
    years_first, years_last = _top(a) - _low(a), _top(c) - _low(c)
    if years_last >= 10 and years_first * 3 <= years_last:
        return "first"
    if _top(a) <= 12:
        # The day order is open, too, or will be decided by another column: the year is where it mostly is.
        return "last"
    return "last" if years_first >= 2 * max(years_last, 1) else None


def _top(numbers: pl.Series) -> int:
    return int(str(numbers.max()))


def _low(numbers: pl.Series) -> int:
    return int(str(numbers.min()))


def _formats(forms: pl.DataFrame, order: str, *, short_first: bool = False, american: bool = False) -> DateFormat:
    """A chrono format for each way of writing, commonest first."""
    formats = []
    for form in forms.iter_rows(named=True):
        sep, year = form["sep"], "%y" if form["short_year"] else "%Y"
        if form["year_first"] or (short_first and form["short_year"]):
            parts = (year, "%m", "%d")
        elif order == "mdy" and (sep != "." or american):
            parts = ("%m", "%d", year)
        else:
            parts = ("%d", "%m", year)
        formats.append(sep.join(parts) + form["suffix"])
    return DateFormat(formats=tuple(formats), order=order, has_offset=any("%z" in name for name in formats))


def instant(text: pl.Expr, form: DateFormat, zone: str | None) -> pl.Expr:
    """Text to a UTC time; naive times are taken in `zone` (UTC when None). What does not parse is null."""
    read = spelling.numeric(text) if form.spoken else text
    times = [told_day(_aware(read, name, zone), "UTC") for name in form.formats]
    return _midnight(text, form, pl.coalesce(times or [pl.lit(None, pl.Datetime("us", "UTC"))]))


def business_day(text: pl.Expr, form: DateFormat, zone: str | None) -> pl.Expr:
    """The day on the wall: in `zone` when given, else as the source wrote it, its own offset included."""
    if form.has_offset and zone is None:
        written = (spelling.numeric(text) if form.spoken else text).str.replace(_OFFSET, "")
        formats = tuple(name.removesuffix("%z") for name in form.formats)
        return _midnight(text, form, pl.coalesce([told_day(_naive(written, name)) for name in formats])).dt.date()
    utc = instant(text, form, zone)
    return (utc.dt.convert_time_zone(zone) if zone else utc).dt.date()


def zones(told: pl.Series) -> dict[str, str]:
    """Names of time zones as exports write them -> IANA names; words that name no zone are left out.

    >>> zones(pl.Series(["Pacific Time (US & Canada)", "Europe/Berlin", "here", None]))
    {'Europe/Berlin': 'Europe/Berlin', 'Pacific Time (US & Canada)': 'America/Los_Angeles'}
    """
    spoken, known = words("zones"), zoneinfo.available_timezones()
    found = {text: spoken.get(text.casefold(), text) for text in told.drop_nulls().unique().sort()}
    return {text: zone for text, zone in found.items() if zone in known or text != zone}


def _midnight(text: pl.Expr, form: DateFormat, time: pl.Expr) -> pl.Expr:
    """24:00 is read as 0:00 and belongs to the day after the one it is written with."""
    if not form.spoken:
        return time
    return pl.when(text.str.contains(spelling.MIDNIGHT).fill_null(False)).then(time.dt.offset_by("1d")).otherwise(time)


def in_the_past(birth: pl.Expr, days: list[pl.Expr]) -> pl.Expr:
    """Birth dates after the newest of the table's other days a hundred years earlier: 01.02.55 is read as 2055 first.

    >>> rows = pl.DataFrame({"b": [date(2055, 2, 1), date(2019, 2, 1)], "d": [date(2024, 1, 1), date(2018, 1, 1)]})
    >>> rows.select(in_the_past(pl.col("b"), [pl.col("d")]))["b"].to_list()
    [datetime.date(1955, 2, 1), datetime.date(2019, 2, 1)]
    """
    newest = pl.coalesce(pl.max_horizontal(*days, pl.lit(None, pl.Date)).max(), pl.lit(_NO_LATER_BIRTH))
    return pl.when(birth > newest).then(birth.dt.offset_by("-100y")).otherwise(birth)


def has_short_years(form: DateFormat) -> bool:
    """Whether some year may be written with two digits, its century a guess."""
    return form.spoken or any("%y" in name for name in form.formats)


def _aware(text: pl.Expr, form: str, zone: str | None) -> pl.Expr:
    if form.endswith("%z"):
        offset = text.str.replace(r"\s*(Z|UTC)$", "+00:00").str.replace(r"\s+([+-]\d{2}:?\d{2})$", "$1")
        if " %p" in form:
            # The half of the day stands between the time and the offset.
            offset = offset.str.to_uppercase().str.replace(r"\s*([AP])\.?M\.?([+-][\d:]+)$", " ${1}M$2")
        return offset.str.to_datetime(form, strict=False, time_unit="us", time_zone="UTC")
    naive = _naive(text, form)
    if zone is None or form.startswith("epoch"):
        return naive.dt.replace_time_zone("UTC")
    return in_utc(naive, zone)


def in_utc(naive: pl.Expr, zone: str) -> pl.Expr:
    """Wall-clock times of a zone in UTC; one that stood twice is the earlier, one that never was an hour later."""
    there = naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    later = naive.dt.offset_by("1h").dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return pl.coalesce(there, later).dt.convert_time_zone("UTC")


def _naive(text: pl.Expr, form: str) -> pl.Expr:
    clean = text.str.strip_chars(" '\u00a0")
    if form == "serial":
        days = clean.str.extract(r"^([2-7]\d{4}(?:[.,]\d+)?)$").str.replace(",", ".", literal=True)
        days = days.cast(pl.Float64, strict=False)
        return pl.datetime(1899, 12, 30) + pl.duration(seconds=(days * 86400).round().cast(pl.Int64))
    if form in ("epoch", "epoch_ms"):
        digits = 10 if form == "epoch" else 13
        return pl.from_epoch(
            clean.str.extract(rf"^(\d{{{digits}}})$").cast(pl.Int64), "s" if digits == 10 else "ms"
        ).cast(pl.Datetime("us"))
    if " %p" in form:
        upper = clean.str.to_uppercase().str.replace(r"\s*([AP])\.?M\.?$", " ${1}M")
        return upper.str.to_datetime(form, strict=False, time_unit="us")
    if form.endswith("%y"):
        # chrono reads a two-digit year in any width: 1.2.2026 must not become the year 20.
        clean = pl.when(clean.str.contains(r"[./-]\d{2}$")).then(clean)
    elif form.startswith("%y"):
        clean = pl.when(clean.str.contains(r"^\d{2}[./-]")).then(clean)
    return clean.str.to_datetime(form, strict=False, time_unit="us")


def told_day(time: pl.Expr, zone: str | None = None) -> pl.Expr:
    """A time, null where the day is one that systems write for none."""
    first, last = (pl.lit(edge).dt.replace_time_zone(zone) for edge in (_FIRST, _LAST))
    return pl.when((time >= first) & (time < last) & ~time.dt.date().is_in(_NULL_DAYS)).then(time)


def refuse_doubt(file: str, column: str, form: DateFormat) -> None:
    """Raise the error that names the option when a column reads both ways, or contradicts itself."""
    if form.mixed:
        raise InputError("dates_mixed", file=file, column=column, one=form.mixed[0], other=form.mixed[1])
    if form.doubt and form.year_open:
        raise InputError("dates_short_year", file=file, column=column, example=form.doubt)
    if form.doubt:
        raise InputError("dates_ambiguous", file=file, column=column, example=form.doubt)
