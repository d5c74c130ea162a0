"""The header row of a table under whatever stands above it, and the names it gives to the columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from string import ascii_lowercase

from acrm.errors import InputError
from acrm.ingest.raw import ROW

_NUMBERED = re.compile(r"[^\W\d]+[ _]?\d{1,3}")
_ADDRESS = re.compile(r"\S+@\S+\.\w+|\w+://\S+")
_YEAR = re.compile(r"(?:19|20)\d\d")

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
        letters = ascii_lowercase[:width] if width <= 26 else [f"column_{place + 1}" for place in range(width)]
        shown = ", ".join(cell or "" for cell in first_row)
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
