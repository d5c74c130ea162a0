"""What a good value is: the rules of every field that has one, and which values cannot be at all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from itertools import pairwise

import polars as pl

from acrm.messages import Message
from acrm.schema import TABLES

DATED: dict[str, tuple[str, ...]] = {
    "customers": ("created_at",),
    "transactions": ("ordered_on",),
    "interactions": ("started_at",),
    "deals": ("created_at", "closed_at"),
    "deal_stages": ("entered_at",),
    "payments": ("paid_at",),
}
"""The columns that tell when something happened, which cannot be after the data's newest day."""
HAPPENED: dict[str, tuple[str, ...]] = DATED | {
    "campaigns": ("date",),
    "contracts": ("start_at",),
    "service_costs": ("period",),
    "stock": ("date",),
}
"""The columns that tell when a row was true; of tables that are planned ahead, too."""
OLDEST = 110
"""Years that nobody in a customer base is older than."""
_ENDS: dict[str, dict[str, str]] = {
    "interactions": {"ended_at": "started_at", "first_response_at": "started_at"},
    "deals": {"closed_at": "created_at"},
    "deal_stages": {"left_at": "entered_at"},
    "contracts": {"end_at": "start_at"},
}
"""What cannot be before what, in days: times of one day may come from two clocks."""
_KINDS = dict.fromkeys(("date", "datetime"), "date") | dict.fromkeys(("money", "number", "integer"), "number")
_KINDS |= {"bool": "bool"}
_WORDED = ("email", "phone", "tax_id", "birth_date", "gender", "postal_code")
FAR = 366
"""Days between a day and the next older one from which it may be mistyped."""
_EMAIL = r"^[^@\s]{1,64}@(?:[\p{L}\d](?:[\p{L}\d\-]*[\p{L}\d])?\.)+(?:xn--[a-z\d\-]+|\p{L}{2,})$"
_PHONE = r"^\+[1-9]\d{6,14}$"
_GENDERS = (
    "m",
    "male",
    "man",
    "boy",
    "м",
    "муж",
    "мужской",
    "мужчина",
    "männlich",
    "herr",
    "mann",
    "masculino",
    "hombre",
    "h",
    "f",
    "female",
    "woman",
    "girl",
    "w",
    "ж",
    "жен",
    "женский",
    "женщина",
    "weiblich",
    "frau",
    "femenino",
    "mujer",
    "d",
    "divers",
    "diverse",
    "other",
    "другой",
    "x",
    "nonbinary",
    "non-binary",
)
_RUSSIA = ("ru", "rus", "russia", "russian federation", "россия", "рф", "российская федерация")
_POSTAL = {
    r"^\d{6}$": _RUSSIA,
    r"^\d{5}(?:-?\d{4})?$": ("us", "usa", "united states"),
    r"^\d{5}$": ("de", "germany", "deutschland", "fr", "france", "es", "spain", "españa", "it", "italy"),
    r"^[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}$": ("gb", "uk", "united kingdom", "great britain"),
}
_ANY_POSTAL = r"^[\p{L}\d][\p{L}\d \-]{1,8}[\p{L}\d]$"
_WEIGHTS = ((2, 4, 10, 3, 5, 9, 4, 6, 8), (7, 2, 4, 10, 3, 5, 9, 4, 6, 8), (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8))


def newest_day(tables: Mapping[str, pl.LazyFrame]) -> date | None:
    """The last day on which something happened in the data: what "now" is to questions of age; None without dates.

    Mistyped days (`last_believable`) and test orders do not count.

    >>> days = [date(2025, month, 1) for month in range(1, 11)]
    >>> newest_day({"payments": pl.LazyFrame({"paid_at": [*days, date(2205, 1, 1)]})})
    datetime.date(2025, 10, 1)
    """
    dated = [
        _events(frame, column)
        for table, frame in tables.items()
        for column in DATED.get(table, ())
        if column in frame.collect_schema().names()
    ]
    counted = pl.collect_all([frame.group_by("day").len() for frame in dated], engine="streaming")
    found = pl.concat([pl.DataFrame(schema={"day": pl.Date, "len": pl.UInt32}), *counted])
    days = found.group_by("day").agg(pl.col("len").sum().cast(pl.Int64)).sort("day")

    def after(day: date) -> int:
        late = [frame.filter(pl.col("day") > day).select(pl.col("event").n_unique()) for frame in dated]
        return sum(int(count.item()) for count in pl.collect_all(late))

    return last_believable(days.rows(), after)


def _events(frame: pl.LazyFrame, column: str) -> pl.LazyFrame:
    """The days of a table's rows, and what each row is of: an order may have many, all else is told once."""
    names = frame.collect_schema().names()
    if "is_test" in names:
        frame = frame.filter(~pl.col("is_test").fill_null(False))
    told = frame.filter(pl.col(column).is_not_null())
    event = pl.col("order_id") if column == "ordered_on" and "order_id" in names else pl.int_range(pl.len())
    return told.select(event.alias("event"), pl.col(column).cast(pl.Date).alias("day"))


def last_believable(days: Sequence[tuple[date, int]], events: Callable[[date], int]) -> date | None:
    """The newest day that is not mistyped (2206 for 2026); None without days.

    Days are mistyped when they come more than a year after all others, and more than three times as long as any earlier
    pause (who orders every other year is no typing error), and only one event, or 0.1% of the rows, has them.

    Args:
        days: Days with their rows, in order.
        events: How many events come after a day.
    """
    left = total = sum(rows for _, rows in days)
    longest = 0
    for place, ((day, rows), (later, _)) in enumerate(pairwise(days)):
        left -= rows
        pause = (later - day).days
        if place and pause > max(FAR, 3 * longest) and (left * 1000 <= total or events(day) == 1):
            return day
        longest = max(longest, pause)
    return days[-1][0] if days else None


def years_before(day: date, years: int) -> date:
    """The same day some years earlier; of 29 February the 28th.

    >>> years_before(date(2024, 2, 29), 1)
    datetime.date(2023, 2, 28)
    """
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def impossible(table: str, names: Collection[str], as_of: date | None) -> dict[str, pl.Expr]:
    """Which values of a table cannot be: nobody is 132 years old, nothing has happened after the data's newest day.

    Args:
        table: Canonical name.
        names: The columns it has.
        as_of: See `newest_day`; without it, nothing is too late.
    """
    found: dict[str, pl.Expr] = {}
    if as_of is not None:
        for column in DATED.get(table, ()):
            if column in names:
                field = "ordered_at" if column == "ordered_on" else column
                found[field] = pl.col(column).cast(pl.Date) > as_of
        if table == "customers" and "birth_date" in names:
            born = pl.col("birth_date")
            found["birth_date"] = (born > as_of) | (born < years_before(as_of, OLDEST))
    for end, start in _ENDS.get(table, {}).items():
        if end in names and start in names:
            early = pl.col(end).cast(pl.Date) < pl.col(start).cast(pl.Date)
            found[end] = found[end] | early.fill_null(False) if end in found else early
    return {field: test.fill_null(False) for field, test in found.items()}


def valid(table: str, names: Collection[str], as_of: date | None) -> dict[str, pl.Expr]:
    """Which values of a table are good, for every field that has a rule; false where the cell is empty.

    >>> people = pl.DataFrame({"tax_id": ["7707083893", "7707083894", "500100732259"]})
    >>> people.select(valid("customers", people.columns, None)["tax_id"])["tax_id"].to_list()
    [True, False, True]
    """
    found = {
        field: pl.col(field).is_not_null() & ~test
        for field, test in impossible(table, names, as_of).items()
        if field in names
    }
    if "currency" in names:
        found["currency"] = pl.col("currency").str.contains(r"^[A-Z]{3}$")
    if table == "deals" and "probability" in names:
        found["probability"] = pl.col("probability").is_between(0, 100)
    if table == "customers":
        found |= _of_customers(names)
    return {field: test.fill_null(False).alias(field) for field, test in found.items()}


def _of_customers(names: Collection[str]) -> dict[str, pl.Expr]:
    found = {}
    if "email_key" in names:
        key = pl.col("email_key")
        found["email"] = key.str.contains(_EMAIL) & ~key.str.contains("..", literal=True)
    if "phone_e164" in names:
        found["phone"] = pl.col("phone_e164").str.contains(_PHONE)
    if "gender" in names:
        found["gender"] = pl.col("gender").str.to_lowercase().str.strip_chars(" .").is_in(_GENDERS)
    if "tax_id" in names:
        found["tax_id"] = _tax_id(names)
    if "postal_code" in names:
        found["postal_code"] = _postal_code(names)
    return found


def rules_of(table: str, field: str) -> list[Message]:
    """What a field's values have to be, in words; nothing for texts and ids that may be anything."""
    kind = TABLES[table][field].kind
    said = [Message(f"validity.{_KINDS[kind]}")] if kind in _KINDS else []
    if field in ("currency", "probability") or (table == "customers" and field in _WORDED):
        said.append(Message(f"validity.{field}"))
    if field in DATED.get(table, ()) or (table, field) == ("transactions", "ordered_at"):
        said.append(Message("validity.happened"))
    if start := _ENDS.get(table, {}).get(field):
        said.append(Message("validity.end", {"start": start}))
    return said


def _country(names: Collection[str]) -> pl.Expr:
    return pl.col("country").str.to_lowercase().str.strip_chars() if "country" in names else pl.lit(None, pl.String)


def _postal_code(names: Collection[str]) -> pl.Expr:
    code = pl.col("postal_code").str.strip_chars()
    country = _country(names)
    shaped = code.str.contains(_ANY_POSTAL) & code.str.contains(r"\d")
    for shape, countries in _POSTAL.items():
        shaped = pl.when(country.is_in(countries)).then(code.str.to_uppercase().str.contains(shape)).otherwise(shaped)
    return shaped


def _tax_id(names: Collection[str]) -> pl.Expr:
    """A Russian INN by its check digits; any other number by its length.

    Ten or twelve digits are an INN, unless the country or the phone says that the customer lives elsewhere.
    """
    bare = pl.col("tax_id").str.replace_all(r"[\s.\-/]", "")
    elsewhere = ~_country(names).is_in(_RUSSIA)
    if "phone_e164" in names:
        elsewhere = pl.coalesce(elsewhere, ~pl.col("phone_e164").str.starts_with("+7"))
    inn = bare.str.contains(r"^(?:\d{10}|\d{12})$") & ~elsewhere.fill_null(False)
    short, *long = _WEIGHTS
    company = _check_digit(bare, short)
    person = pl.all_horizontal(_check_digit(bare, weights) for weights in long)
    checked = pl.when(bare.str.len_chars() == 10).then(company).otherwise(person)
    return pl.when(inn).then(checked).otherwise(bare.str.contains(r"^[\p{L}\d]{5,20}$"))


def _check_digit(number: pl.Expr, weights: tuple[int, ...]) -> pl.Expr:
    def digit(place: int) -> pl.Expr:
        return number.str.slice(place, 1).cast(pl.Int32, strict=False)

    total = pl.sum_horizontal(digit(place) * weight for place, weight in enumerate(weights))
    return total % 11 % 10 == digit(len(weights))
