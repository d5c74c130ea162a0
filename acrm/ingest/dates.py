"""Texts to times: one decision for a whole column, from all of its values, refused when both day orders fit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

import polars as pl

from acrm.errors import InputError
from acrm.ingest.vocabulary import words

_NUMERIC = (
    r"^'?(?<a>\d{1,4})(?<sep>[./-])(?<b>\d{1,2})[./-](?<c>\d{1,4})"
    r"(?:(?<t>[ T])\s*(?<h>\d{1,2}):\d{2}(?<s>:\d{2})?(?<f>\.\d+)?\s*(?<p>[AaPp]\.?[Mm]\.?)?)?"
    r"\s*(?<z>Z|UTC|[+-]\d{2}:?\d{2})?$"
)
_CLOCK = r"[\s,]+(?:в |at )?(\d{1,2}):(\d{2})(?::(\d{2}))?\s*(?:([ap])\.?m\.?)?$"
_OFFSET = r"\s*(Z|UTC|[+-]\d{2}:?\d{2})$"
_COMPACT = r"^\d{8}$"
_COMPACT_TIME = r"^\d{14}$"
_SERIAL = r"^[2-7]\d{4}(\.\d+)?$"
_EPOCH = r"^\d{10}$"
_EPOCH_MS = r"^\d{13}$"
_ENGLISH_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WORDY = r"^\D*\d*\D*\pL{3,}"
# What 1C (year 1), Access and Excel write for "no date"; years below 1000 also catch `%Y` having read `26`.
_FIRST = datetime(1000, 1, 1)  # noqa: DTZ001  # naive: the zone of the column is set on it
_NULL_DAYS = (date(1899, 12, 30), date(1899, 12, 31), date(1900, 1, 1))


@dataclass(frozen=True, kw_only=True)
class DateFormat:
    """How a column's times are written.

    `formats` are chrono formats tried in turn; special ones are `serial`, `epoch`, `epoch_ms` and `words:<format>`
    (month names). `order` is dmy, mdy or ymd; None when no value needs it. `doubt` is an example that reads both ways
    when nothing decided.
    """

    formats: tuple[str, ...] = ()
    order: str | None = None
    has_offset: bool = False
    doubt: str | None = None
    either: bool = False
    """Both day orders read every value, and read it the same: 05/05/2024."""
    mixed: tuple[str, str] | None = None
    """Two values of one column that contradict each other on the order."""


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
    if rest.str.contains(_WORDY).any():
        formats += [f"words:{name}" for name in _wordy(rest)]
    return replace(decided, formats=tuple(formats))


def _numeric(shapes: pl.DataFrame, preferred: str | None) -> DateFormat:
    forms = (
        shapes.with_columns(
            year_first=pl.col("a").str.len_chars() == 4,
            short_year=(pl.col("a").str.len_chars() < 4) & (pl.col("c").str.len_chars() <= 2),
            first=pl.col("a").cast(pl.Int32),
            second=pl.col("b").cast(pl.Int32),
            suffix=pl.concat_str(
                pl.when(pl.col("t").is_null())
                .then(pl.lit(""))
                .otherwise(
                    pl.concat_str(
                        "t",
                        pl.when(pl.col("p").is_null()).then(pl.lit("%H:%M")).otherwise(pl.lit("%I:%M")),
                        pl.when(pl.col("s").is_null()).then(pl.lit("")).otherwise(pl.lit(":%S")),
                        pl.when(pl.col("f").is_null()).then(pl.lit("")).otherwise(pl.lit("%.f")),
                        pl.when(pl.col("p").is_null()).then(pl.lit("")).otherwise(pl.lit(" %p")),
                    )
                ),
                pl.when(pl.col("z").is_null()).then(pl.lit("")).otherwise(pl.lit("%z")),
            ),
        )
        .group_by("year_first", "short_year", "sep", "suffix")
        .agg(
            pl.len(),
            pl.col("first", "second").max(),
            pl.col("text").filter(pl.col("first") > 12).min().alias("day_first"),
            pl.col("text").filter(pl.col("second") > 12).min().alias("day_second"),
            pl.col("text").filter(pl.col("first") != pl.col("second")).min().alias("unequal"),
        )
        .sort(["len", "sep", "suffix", "year_first", "short_year"], descending=[True, False, False, True, False])
    )
    # Dots are written day first everywhere; other marks need a value above 12 in one of the two places.
    open_forms = forms.filter(~pl.col("year_first") & (pl.col("sep") != "."))
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
    formats = []
    for form in forms.iter_rows(named=True):
        sep, year = form["sep"], "%y" if form["short_year"] else "%Y"
        day_order = ("%Y", "%m", "%d") if form["year_first"] else ("%d", "%m", year)
        if not form["year_first"] and sep != "." and order == "mdy":
            day_order = ("%m", "%d", year)
        formats.append(sep.join(day_order) + form["suffix"])
    return DateFormat(
        formats=tuple(formats),
        order=order,
        has_offset=any("%z" in name for name in formats),
        doubt=doubt,
        either=either,
        mixed=mixed,
    )


def _wordy(texts: pl.Series) -> list[str]:
    """Formats that read texts with month names, after `_spelled_out` made them numbers."""
    numbers = texts.to_frame("text").select(_spelled_out(pl.col("text")))["text"]
    candidates = ("%d-M%m-%Y", "%d-M%m-%y", "M%m-%d-%Y", "%Y-M%m-%d")
    long_year = numbers.filter(numbers.str.contains(r"\d{4}"))
    short_year = numbers.filter(~numbers.str.contains(r"\d{4}"))
    scores = {
        name: (short_year if name.endswith("%y") else long_year).str.to_date(name, strict=False).is_not_null().sum()
        for name in candidates
    }
    best = max(candidates, key=lambda name: (scores[name], -candidates.index(name)))
    found = [best] if scores[best] else []
    if numbers.str.contains(r"^M\d\d-\d{2,4}$").any():
        found.append("month")
    return found


def _spelled_out(text: pl.Expr) -> pl.Expr:
    """`5 января 2024 г.` and `Jan 5, 2024` with the month as `M01` and dashes between the parts."""
    russian = words("ru_months")
    months = {name: f"{index % 12 + 1:02d}" for index, name in enumerate([*_ENGLISH_MONTHS, *russian])}
    months["май"] = months["мая"] = "05"
    spelled = text.str.to_lowercase().str.replace(_CLOCK, "")
    for name, digits in months.items():
        spelled = spelled.str.replace(rf"{name}\pL*\.?", f" M{digits} ")
    return spelled.str.replace(r"\s*г(ода|\.)?\s*$", "").str.replace_all(r"[\s,.\-]+", "-").str.strip_chars("-")


def instant(text: pl.Expr, form: DateFormat, zone: str | None) -> pl.Expr:
    """Text to a UTC time; naive times are taken in `zone` (UTC when None). What does not parse is null."""
    return pl.coalesce(
        [_null_day(_aware(text, name, zone), "UTC") for name in form.formats]
        or [pl.lit(None, pl.Datetime("us", "UTC"))]
    )


def business_day(text: pl.Expr, form: DateFormat, zone: str | None) -> pl.Expr:
    """The day on the wall: in `zone` when given, else as the source wrote it, its own offset included."""
    if form.has_offset and zone is None:
        written = text.str.replace(_OFFSET, "")
        formats = tuple(name.removesuffix("%z") for name in form.formats)
        return pl.coalesce([_null_day(_naive(written, name)) for name in formats]).dt.date()
    utc = instant(text, form, zone)
    return (utc.dt.convert_time_zone(zone) if zone else utc).dt.date()


def _aware(text: pl.Expr, form: str, zone: str | None) -> pl.Expr:
    if form.endswith("%z"):
        offset = text.str.replace(r"\s*(Z|UTC)$", "+00:00").str.replace(r"\s+([+-]\d{2}:?\d{2})$", "$1")
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
        days = clean.str.extract(r"^([2-7]\d{4}(?:\.\d+)?)$").cast(pl.Float64, strict=False)
        return pl.datetime(1899, 12, 30) + pl.duration(seconds=(days * 86400).round().cast(pl.Int64))
    if form in ("epoch", "epoch_ms"):
        digits = 10 if form == "epoch" else 13
        return pl.from_epoch(
            clean.str.extract(rf"^(\d{{{digits}}})$").cast(pl.Int64), "s" if digits == 10 else "ms"
        ).cast(pl.Datetime("us"))
    if form.startswith("words:"):
        spelled = _spelled_out(clean)
        if form == "words:month":
            first = pl.concat_str(pl.lit("01-"), spelled.str.extract(r"^M(\d\d-(?:\d{4}|\d{2}))$"))
            short = first.str.contains(r"-\d{2}$")
            return (
                pl.when(short)
                .then(first.str.to_datetime("%d-%m-%y", strict=False, time_unit="us"))
                .otherwise(first.str.to_datetime("%d-%m-%Y", strict=False, time_unit="us"))
            )
        midnight = spelled.str.to_datetime(form.removeprefix("words:"), strict=False, time_unit="us")
        hour, minute, second, half = (clean.str.to_lowercase().str.extract(_CLOCK, group) for group in (1, 2, 3, 4))
        hours = hour.cast(pl.Int64).fill_null(0)
        hours = pl.when(half == "p").then(hours % 12 + 12).when(half == "a").then(hours % 12).otherwise(hours)
        minutes, seconds = (part.cast(pl.Int64).fill_null(0) for part in (minute, second))
        return midnight + pl.duration(hours=hours, minutes=minutes, seconds=seconds)
    if " %p" in form:
        upper = clean.str.to_uppercase().str.replace(r"\s*([AP])\.?M\.?$", " ${1}M")
        return upper.str.to_datetime(form, strict=False, time_unit="us")
    if form.endswith("%y"):
        # chrono reads a two-digit year in any width: 1.2.2026 must not become the year 20.
        clean = pl.when(clean.str.contains(r"[./-]\d{2}$")).then(clean)
    return clean.str.to_datetime(form, strict=False, time_unit="us")


def _null_day(time: pl.Expr, zone: str | None = None) -> pl.Expr:
    first = pl.lit(_FIRST).dt.replace_time_zone(zone)
    return pl.when((time >= first) & ~time.dt.date().is_in(_NULL_DAYS)).then(time)


def refuse_doubt(file: str, column: str, form: DateFormat) -> None:
    """Raise the error that names the option when a column reads both ways, or contradicts itself."""
    if form.mixed:
        raise InputError("dates_mixed", file=file, column=column, one=form.mixed[0], other=form.mixed[1])
    if form.doubt:
        raise InputError("dates_ambiguous", file=file, column=column, example=form.doubt)
