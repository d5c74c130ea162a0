"""The header row of a table under whatever stands above it, and the names it gives to the columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from string import ascii_lowercase

from acrm.errors import InputError
from acrm.ingest.raw import ROW
from acrm.ingest.vocabulary import normalise, synonyms
from acrm.messages import listed
from acrm.schema import TABLES

_NUMBERED = re.compile(r"[^\W\d]+[ _]?\d{1,3}")
_ADDRESS = re.compile(r"\S+@\S+\.\w+|\w+://\S+")
_YEAR = re.compile(r"(?:19|20)\d\d")

_PRICE = re.compile(r"цена|price|%|процент|рентаб|наценк|курс|\brate|средн|average|avg|единиц")
_SUM = re.compile(
    r"сумм|стоимост|выручк|оборот|кол-?во|количеств|\bндс\b|прибыл|марж|скидк|итого|всего|\bвес\b|об[ъь]ем|^прода(?:жи|но)\b"
    r"|amount|\bsum\b|total|revenue|^(?:net |gross )?sales(?: amount)?$|\bqty\b|quantity|^units(?: sold)?$|cost"
    r"|discount|\btax\b|\bvat\b|profit|margin|summe|menge|betrag|anzahl|importe|cantidad"
)
_KEY = re.compile(r"\bid\b|код|номер|№|инн|number|дат[аы]|\bdate\b|тип|статус|status|менеджер")

Row = Sequence[str | None]


def header_at(rows: Sequence[Row]) -> int | None:
    """Index of the header row, or None when the first full row looks like data.

    Blank rows, rows with far fewer cells than two of the 30 rows below, and comments that begin with `# ` stand above
    the table. The first other row is the header if its cells are labels: hardly any looks like data or stands again in
    its own column. If they are not, the row above may be a header that leaves out names (two at least, and two for
    every five cells), or a row right below a blank one is it.

    >>> header_at([["Report", None], [None, None], ["client", "sum"], ["Ann", "5"], ["Bob", "7"]])
    2
    >>> header_at([["00004", "19970101", "29.33"], ["00021", "19970102", "63.34"]]) is None
    True
    """
    passed = False
    for place in _full(rows[:50], rows):
        below = rows[place + 1 :]
        if _is_comment(rows[place], below):
            continue
        if (not passed or (place < 20 and is_blank(rows[place - 1]))) and _is_header(rows[place], below):
            return place
        if not passed and place and _labels_some(rows[place - 1], rows[place:]):
            return place - 1
        passed = True
    return None


def whole_header(rows: Sequence[Row], place: int) -> tuple[int, int, Row]:
    """First and last row of the header that row `place` belongs to, and the names that its rows make together.

    Groupings that stand under each other in one column, as 1C writes them, become `Client / Document / Product`. A row
    of labels under labels that span several columns becomes `Sum plan`, `Sum fact`. All else is one row.

    >>> whole_header([["Client", "Sum", None], [None, "plan", "fact"], ["Ann", "5", "7"]], 0)
    (0, 1, ['Client', 'Sum plan', 'Sum fact'])
    >>> whole_header([["Клиент", "Сумма"], ["Номенклатура", None], ["ООО Ромашка", "5"]], 0)
    (0, 1, ['Клиент / Номенклатура', 'Сумма'])
    """
    names: list[str | None] = list(rows[place])
    first = last = place
    while first and (above := _grouping(rows[first - 1], names)) is not None:
        first -= 1
        names[above] = f"{_text(rows[first], above)} / {_text(names, above)}"
    while last + 1 < len(rows) and (below := _grouping(_unnamed(rows[last + 1], names), names)) is not None:
        last += 1
        own = _text(rows[last], below)
        names = [_text(names, at) or _text(rows[last], at) for at in range(max(len(names), len(rows[last])))]
        names[below] = f"{names[below]} / {own}"
    if (first, last) == (place, place):
        for upper in (place, place - 1):
            if 0 <= upper < len(rows) - 1 and (joined := _under(rows[upper], rows[upper + 1], rows[upper + 2 :])):
                return upper, upper + 1, joined
    return first, last, names


def is_grouping(name: str) -> bool:
    """Whether a label is one that reports group by: a client, document, product, day.

    >>> is_grouping("Контрагент"), is_grouping("Документ движения (регистратор)"), is_grouping("ООО Ромашка")
    (True, True, False)
    """
    plain = normalise(name)
    return plain in _groupings() or plain.startswith(
        ("документ ", "период,", "регистратор", "договор", "заказ клиента")
    )


def is_sum(name: str) -> bool:
    """Whether a column holds what adds up over rows, amounts and quantities, by its name.

    >>> [is_sum(name) for name in ("Сумма, руб.", "Кол-во", "Total", "Цена", "Номер", "Tax ID", "Дата продажи")]
    [True, True, True, False, False, False, False]
    """
    plain = normalise(name)
    return bool(_SUM.search(plain)) and not _PRICE.search(plain) and not _KEY.search(plain)


def is_measure(name: str) -> bool:
    """Whether a column holds a figure, one that adds up or a price or share, by its name."""
    plain = normalise(name)
    return is_sum(name) or bool(_PRICE.search(plain) and not _KEY.search(plain))


@cache
def _groupings() -> frozenset[str]:
    found = {"документ", "период", "покупатель"}
    for table in ("customers", "transactions", "products"):
        for field, names in synonyms(table).items():
            if field in TABLES[table].names and TABLES[table][field].kind in ("id", "text", "date", "datetime"):
                found.update(names)
    return frozenset(found)


def _text(row: Row, place: int) -> str:
    return " ".join((row[place] or "").split()) if place < len(row) else ""


def _grouping(row: Row, names: Row) -> int | None:
    """The column of a row that only continues the groupings of a header, None for any other row."""
    filled = [place for place, cell in enumerate(row) if _has_text(cell)]
    if len(filled) != 1 or filled[0] >= len(names) or sum(map(_has_text, names)) < 2:
        return None
    parts = [_text(row, filled[0]), _text(names, filled[0]).split(" / ")[0]]
    return filled[0] if parts[0] != parts[1] and all(map(is_grouping, parts)) else None


def _unnamed(row: Row, names: Row) -> Row:
    """A row without the labels it has where the header has none: `Товар; Ед.` under `Клиент; ; Сумма`."""
    return [
        None if not _text(names, at) and not looks_like_data(_text(row, at)) else cell for at, cell in enumerate(row)
    ]


def _under(upper: Row, lower: Row, below: Sequence[Row]) -> list[str | None] | None:
    """The names of a header of two rows, None when the rows are no such header.

    Some label of the upper row must span columns whose own labels stand in the lower row, and all columns that the
    records fill must have a label in one of them. Under a complete lower row only names that stand twice are joined.
    """
    width = max(len(upper), len(lower))
    over: list[str] = []
    spans = False
    for place in range(width):
        own, under = _text(upper, place), _text(lower, place)
        spanned = not own and bool(under) and place > 0 and bool(over[-1]) and bool(_text(lower, place - 1))
        spans |= spanned
        over.append(own or (over[-1] if spanned else ""))
    labels = [text for place in range(width) if (text := _text(lower, place))]
    if not spans or any(looks_like_data(label) and not _YEAR.fullmatch(label) for label in labels):
        return None
    records = [row for row in below[:20] if not is_blank(row)]
    alone = [place for place in range(width) if not _text(lower, place)]
    named = (
        bool(over[place] or _text(lower, place)) or not any(_text(row, place) for row in records)
        for place in range(width)
    )
    if not records or not all(named):
        return None
    valued = [
        place
        for place in range(width)
        if _text(lower, place) and any(looks_like_data(_text(row, place)) for row in records)
    ]
    if alone:
        filled = sum(any(_text(row, place) for place in alone) for row in records)
        if not any(over[place] for place in alone) or filled * 2 < len(records) or not valued:
            return None
    elif len(set(labels)) == len(labels) or sum(map(_has_text, upper)) < 2:
        return None
    names: list[str | None] = []
    for place in range(width):
        under = _text(lower, place)
        twice = bool(alone) or labels.count(under) > 1
        names.append(" ".join(dict.fromkeys(filter(None, (over[place], under)))) if twice else under)
    return names


def first_full(rows: Sequence[Row]) -> int:
    """Index of the first row that is not part of what stands above a table, 0 if there is none."""
    return next(iter(_full(rows, rows)), 0)


def looks_like_data(cell: str) -> bool:
    """Whether a cell is a number, date, code, address or truth value rather than a label.

    >>> [looks_like_data(cell) for cell in ("1 234,50 р.", "01 Jan 2026", "a@b.ru", "FALSE", "Q1", "Tax 1 Name", "No")]
    [True, True, True, True, False, False, False]
    """
    cell = cell.strip()
    letters = sum(map(str.isalpha, cell))
    digits = sum(map(str.isdigit, cell))
    if digits and digits >= letters:
        return not _NUMBERED.fullmatch(cell)
    return bool(_ADDRESS.fullmatch(cell)) or cell.lower() in ("true", "false")


def unique_names(header: Iterable[str | None], reserved: Iterable[str] = ()) -> tuple[tuple[str, ...], tuple[str, ...]]:
    r"""Column names that can be told apart, and which of them were renamed because they stood there before.

    White space is trimmed and folded, an empty name becomes `column_<position>`.

    >>> unique_names(["\ufeffid", " sum ", "", "sum", "sum"])
    (('id', 'sum', 'column_3', 'sum__2', 'sum__3'), ('sum__2', 'sum__3'))
    """
    taken = set(reserved)
    names: list[str] = []
    renamed: list[str] = []
    for position, cell in enumerate(header, 1):
        label = " ".join((cell or "").replace("\ufeff", "").split())
        name = label = label or f"column_{position}"
        count = 1
        while name in taken:
            count += 1
            name = f"{label}__{count}"
        if count > 1:
            renamed.append(name)
        taken.add(name)
        names.append(name)
    return tuple(names), tuple(renamed)


def column_names(
    path: str, header: Row | None, first_row: Row, width: int, given: Sequence[str] | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of `width` columns from the header or from the user, made unique, and which of them were renamed.

    Raises:
        InputError: The user's names are too many or too few, or there is neither a header nor names.
    """
    if given and len(given) != width:
        raise InputError("names_width", path=path, columns=width, names=len(given))
    if not given and header is None:
        letters = [*ascii_lowercase[:width]] if width <= 26 else [f"column_{place + 1}" for place in range(3)] + ["…"]
        shown = listed(cell or "" for cell in first_row)
        raise InputError("no_header", path=path, row=shown[:200], names=",".join(letters))
    cells = given or (*(header or ()), *[""] * width)[:width]
    return unique_names(cells, reserved=(ROW,))


def is_blank(row: Row) -> bool:
    """Whether no cell of a row has a text."""
    return not any(map(_has_text, row))


def joined(row: Row) -> str:
    """The texts of a row, for people to read."""
    return " ".join(cell.strip() for cell in row if cell and cell.strip())


def _full(places: Sequence[Row], rows: Sequence[Row]) -> Iterator[int]:
    """Indexes of the rows that are neither blank nor far narrower than the rows below."""
    filled = [sum(map(_has_text, row)) for row in rows]
    for place, row in enumerate(places):
        nameless = not _has_text(row[0] if row else None) and all(map(_has_text, row[1:]))
        below = filled[place + 1 : place + 31]
        wider = sum(filled[place] + nameless < 0.7 * other for other in below)
        if filled[place] and wider < 2 and wider * 2 <= sum(map(bool, below)):
            yield place


def _labels_some(row: Row, below: Sequence[Row]) -> bool:
    filled = sum(map(_has_text, row))
    return filled > 1 and filled * 5 >= 2 * sum(map(_has_text, below[0])) and _is_header(row, below)


def _is_comment(row: Row, below: Sequence[Row]) -> bool:
    """Whether a row begins with `# ` and the next one does so too or is a header."""
    following = next((other for other in below if any(map(_has_text, other))), None)
    if following is None or not (row[0] or "").startswith(("# ", "#-", "##")):
        return False
    return (following[0] or "").startswith("#") or _is_header(following, below)


def _has_text(cell: str | None) -> bool:
    return bool(cell and cell.strip())


def _is_header(row: Row, below: Sequence[Row]) -> bool:
    """Whether the cells are labels: few look like data or stand again in their own column, most are distinct."""
    cells = {place: cell.strip() for place, cell in enumerate(row) if cell and cell.strip()}
    if len(cells) <= 2 and next(iter(cells.values())).endswith(":"):
        return False
    years = {place for place, cell in cells.items() if _YEAR.fullmatch(cell)}
    if len({cells[place] for place in years}) < 2:
        years = set()
    others = [other for other in below[:200] if list(other) != list(row)]
    data = sum(
        place not in years
        and (looks_like_data(cell) or any(place < len(other) and other[place] == row[place] for other in others))
        for place, cell in cells.items()
    )
    return data * 3 < len(cells) and len(set(cells.values())) * 2 >= len(cells)
