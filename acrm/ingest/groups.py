"""Reports with group rows, as 1C and pivot tables make them -> plain tables: each detail row with its groups' names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import accumulate

import polars as pl

from acrm.ingest import numbers, outline
from acrm.ingest.header import is_grouping, is_measure, is_sum
from acrm.ingest.raw import ROW, RawTable
from acrm.ingest.stairs import Stairs, is_grand, is_total, texts
from acrm.ingest.vocabulary import fold, normalise, synonyms
from acrm.messages import Message

_SAMPLE = 400
_MOST_BYTES = 64 << 20
_PARTS = (" / ", "/", ", ", "; ", "\n")
_NUMBERED = frozenset({"№", "n", "no", "# п/п", "№ п/п", "n п/п", "№п/п", "#"})
_MANY = 3
"""Groups of several rows that must add up where nothing else says that a table has groups."""
_CLIENT, _DOCUMENT, _PRODUCT, _PERIOD, _DAY = "Контрагент", "Документ", "Номенклатура", "Период", "Дата"
_NUMBER, _DATE = "Номер документа", "Дата документа"

Levels = Callable[[], Mapping[int, int]]
Cells = list[str | None]


@dataclass(frozen=True)
class _Found:
    """What a report was found to be: which rows are details, what their groups are called, what the others are."""

    details: list[int]
    columns: dict[str, Cells]
    """New or filled columns, a value per detail; those of the report that are not here stay."""
    rules: dict[int, str]
    """Rows set apart and the rule that says why."""
    replaced: str | None = None
    """The column that the groupings stood in, whose place the first columns take."""


def unfolded(raw: RawTable, levels: Levels = dict) -> RawTable:
    """The table with its group rows set apart as `group_row` and their names in the rows below them; or as it is.

    Two kinds of reports are known. *Groups in columns of their own*: a group row has the first columns alone, the rows
    below leave them blank. *Groups in one column*: client, document and product stand under each other; that a row is
    a group is proven by its amount and quantity, which are those of the rows below it to the cent, or told by the
    outline of the sheet. One column becomes a column per level, called as the header says; documents give their number
    and date. Nothing is touched without proof, and texts of 64 MB and more are never.

    Args:
        raw: A table as the file has it.
        levels: Row of the sheet -> how deep it stands, asked only for a table that looks like such a report.
    """
    packed = 8 if raw.source.compression else 1
    if raw.source.bytes * packed >= _MOST_BYTES or len(raw.header) < 2:
        return raw
    sample = raw.frame.head(_SAMPLE).collect()
    if not sample.height:
        return raw
    keys = [name for name in raw.header if not is_measure(name) and normalise(name) not in _NUMBERED]
    if not keys or len(keys) == len(raw.header):
        return raw
    if Stairs.of(sample, keys, cut=sample.height == _SAMPLE) is not None:
        return _stairs(raw, keys)
    hinted = _hinted(sample, keys)
    sums = [name for name in raw.header if is_sum(name) and _filled(sample, name)]
    alone = sum(_filled(sample, key) for key in keys) == 1
    if sums and (hinted or (alone and _opens_with_a_sum(sample, keys[0], sums))):
        return _stacked(raw, keys[0], sums, levels, hinted)
    return raw


def _filled(frame: pl.DataFrame, name: str) -> bool:
    return bool((frame[name].fill_null("").str.strip_chars() != "").any())


def _parts(name: str) -> list[str]:
    """The groupings that a column's name lists, one when it lists none.

    >>> _parts("Контрагент / Документ / Номенклатура"), _parts("Контрагент, Номенклатура"), _parts("Сумма, руб")
    (['Контрагент', 'Документ', 'Номенклатура'], ['Контрагент', 'Номенклатура'], ['Сумма, руб'])
    """
    for mark in _PARTS:
        parts = [part.strip() for part in name.split(mark) if part.strip()]
        if len(parts) > 1 and all(map(is_grouping, parts)):
            return parts
    return [name]


def _hinted(sample: pl.DataFrame, keys: Sequence[str]) -> bool:
    """Whether the first column is one that groups are stacked in, by its name or as its labels are of several kinds.

    In a plain table such a column may stand too; but there others are filled in every row.
    """
    if len(_parts(keys[0])) > 1:
        return True
    kinds = [outline.kind(label) for label in texts(sample, keys[0]) if label and not is_grand(label)]
    mixed = {kind for kind in kinds if kinds.count(kind) * 10 >= len(kinds)}
    full = any((sample[key].fill_null("") != "").sum() * 10 >= 9 * len(kinds) for key in keys[1:])
    return len(mixed) > 1 and not full


def _amounts(frame: pl.DataFrame, names: Sequence[str]) -> list[outline.Values]:
    """What adds up in each row, in ten-thousandths."""
    columns = []
    for name in names:
        text = frame[name].str.strip_chars()
        text = text.replace("", None)
        value = frame.select(numbers.parse(pl.lit(text), numbers.decide(text))).to_series()
        columns.append((value * 10_000).cast(pl.Int128).to_list())
    return list(zip(*columns, strict=True)) if columns else [()] * frame.height


def _stairs(raw: RawTable, keys: list[str]) -> RawTable:
    frame = raw.frame.collect().sort(ROW)
    found = Stairs.of(frame, keys)
    if found is None:
        return raw
    deepest = len(found.starts) - 1
    rows = [row for row, level in enumerate(found.levels) if level is not None]
    levels = [found.levels[row] or 0 for row in rows]
    details = [row for row in rows if found.levels[row] == deepest]
    sums = [name for name in raw.header if is_sum(name)]
    values = _amounts(frame, sums)
    told = [
        any(values[row][place] is not None for row in rows if found.levels[row] != deepest)
        for place in range(len(sums))
    ]
    adding = [
        place
        for place, name in enumerate(sums)
        if told[place] and outline.adds_up(levels, [(values[row][place],) for row in rows])
    ]
    if len(details) < 2 or (any(told) and not adding):
        return raw
    rest = [texts(frame, name) for name in raw.header if name not in keys]
    figured = {row for row in rows if any(cells[row] for cells in rest)}
    if not any(told) and (figured - set(details) or len(figured) * 10 < len(details) * 9):
        return raw
    columns: dict[str, Cells] = {}
    ends = [*found.starts[1:], len(keys)]
    for level, (start, end) in enumerate(zip(found.starts[:-1], ends, strict=False)):
        for key in keys[start:end]:
            cells, current, filled = frame[key].to_list(), None, []
            for row, at in zip(rows, levels, strict=True):
                if at == level:
                    current = cells[row]
                if at == deepest:
                    filled.append(current)
            columns[key] = filled
    groups = {row: "group_row" for row, level in zip(rows, levels, strict=True) if level != deepest}
    return _rebuilt(raw, frame, _Found(details, columns, {**found.rules, **groups}), sums, values)


def _opens_with_a_sum(sample: pl.DataFrame, column: str, sums: Sequence[str]) -> bool:
    """Whether the first row can be the sum of rows that follow it at once, groups among them counted again."""
    labelled = sample.filter(pl.Series([bool(label) and not is_grand(label) for label in texts(sample, column)]))
    for values in zip(*_amounts(labelled, sums), strict=True):
        first, *below = [value or 0 for value in values]
        made = set(accumulate(below))
        if first and any(first * times in made for times in range(1, outline.DEEPEST)):
            return True
    return False


def _stacked(raw: RawTable, column: str, sums: Sequence[str], levels: Levels, hinted: bool) -> RawTable:
    frame = raw.frame.collect().sort(ROW)
    labels = texts(frame, column)
    values = _amounts(frame, sums)
    rules, nameless = _set_apart(frame, column, labels, values, hinted)
    rows = [row for row in range(frame.height) if row not in rules]
    told = levels()
    deep = [told.get(line, 0) for line in frame[ROW]] if told else _indents(frame, column)
    parts = _parts(column)

    def reading() -> list[int] | None:
        kinds = [outline.kind(labels[row]) for row in rows]
        return _levels(kinds, [values[row] for row in rows], [deep[row] for row in rows], len(parts), hinted)

    read = reading()
    if read is None and nameless:
        # A row without a label may be nobody's sale, or the total that its report does not name.
        rows = [row for row in rows if row not in nameless]
        read = reading()
        if read and not _are_totals(nameless, rows, read, values):
            read = None
        rules |= dict.fromkeys(nameless, "totals_row")
    if read is None:
        unproven = Message("reading.groups_unproven", {"file": raw.name})
        return replace(raw, notes=(*raw.notes, unproven)) if hinted and len(rows) > 1 else raw
    columns = _columns(frame, column, labels, rows, read)
    deepest = max(read)
    rules |= {row: "group_row" for row, level in zip(rows, read, strict=True) if level < deepest}
    details = [row for row, level in zip(rows, read, strict=True) if level == deepest]
    return _rebuilt(raw, frame, _Found(details, columns, rules, column), sums, values)


def _set_apart(
    frame: pl.DataFrame, column: str, labels: list[str], values: list[outline.Values], hinted: bool
) -> tuple[dict[int, str], list[int]]:
    """Rows that are no part of a report, with their rules; and the rows without a label that have figures."""
    filled = [
        any(row)
        for row in zip(*(texts(frame, name) for name in frame.columns if name not in (column, ROW)), strict=True)
    ]
    seen = {fold(label): row for row, label in enumerate(labels)}
    rules: dict[int, str] = {}
    nameless = []
    for row, label in enumerate(labels):
        if is_total(label, seen):
            rules[row] = "totals_row"
        elif not label and any(value is not None for value in values[row]):
            nameless.append(row)
        elif not label:
            rules[row] = "footer_row" if filled[row] else "blank_row"
        elif normalise(label) == normalise(column) or (not filled[row] and is_grouping(label)):
            rules[row] = "repeated_header"
    for row in range(frame.height - 1, -1, -1):
        if row not in rules and (not hinted or filled[row]):
            break
        rules.setdefault(row, "footer_row")
    return rules, nameless


def _are_totals(nameless: list[int], rows: list[int], read: list[int], values: list[outline.Values]) -> bool:
    """Whether what rows without a label say is what all details make."""
    details = [values[row] for row, level in zip(rows, read, strict=True) if level == max(read)]
    made = [sum(value or 0 for value in column) for column in zip(*details, strict=True)]
    return all(
        value is None or abs(value - total) < outline.CENT
        for row in nameless
        for value, total in zip(values[row], made, strict=True)
    )


def _columns(frame: pl.DataFrame, column: str, labels: list[str], rows: list[int], read: list[int]) -> dict[str, Cells]:
    """A column per level, number and date of documents, and what else only group rows say; a cell per detail."""
    deepest = max(read)
    kinds = [outline.kind(labels[row]) for row in rows[: deepest + 1]]
    others = {name for name in frame.columns if name not in (column, ROW)}
    names = [f"{name}__2" if name in others else name for name in _names(_parts(column), kinds, deepest + 1)]
    columns: dict[str, Cells] = {name: [] for name in names}
    ends = [row for row, level in zip(rows, read, strict=True) if level == deepest]
    own = {name: texts(frame, name) for name in sorted(others) if not is_measure(name) and _filled(frame, name)}
    lent = {name: cells for name, cells in own.items() if not any(cells[row] for row in ends)}
    columns |= {name: [] for name in lent}
    path: list[int] = []
    for row, level in zip(rows, read, strict=True):
        path = [*path[:level], row]
        if level == deepest:
            for name, at in zip(names, path, strict=True):
                columns[name].append(labels[at])
            for name, cells in lent.items():
                columns[name].append(next((cells[at] for at in reversed(path) if cells[at]), None))
    if "document" in kinds:
        read_off = _documents([label or "" for label in columns[names[kinds.index("document")]]])
        columns |= {name: cells for name, cells in read_off.items() if name not in others and name not in columns}
    return columns


def _indents(frame: pl.DataFrame, column: str) -> list[int]:
    """Blanks in front of each label."""
    text = frame[column].fill_null("")
    return (text.str.len_chars() - text.str.strip_chars_start().str.len_chars()).to_list()


def _levels(
    kinds: list[str], values: list[outline.Values], deep: list[int], parts: int, hinted: bool
) -> list[int] | None:
    """The level of each row, by whatever proves it; the fewer columns a proof needs, the later it is tried."""
    if not kinds:
        return None
    if len(set(deep)) > 1 and (found := outline.by_levels(deep, values)):
        return found
    if hinted and (found := outline.by_blanks(kinds, values)):
        return found if max(found) else None
    width = len(values[0])
    for places in (tuple(range(width)), *((place,) for place in range(width))):
        chosen = [tuple(row[place] for place in places) for row in values]
        found = outline.by_sums(kinds, chosen, parts) if parts > 1 else None
        depths = (
            [found] if found else [outline.by_sums(kinds, chosen, depth) for depth in range(2, outline.DEEPEST + 1)]
        )
        proven = [levels for levels in depths if levels and (hinted or _telling(levels, chosen))]
        if proven:
            return proven[0] if len(proven) == 1 else None
    return None


def _telling(levels: Sequence[int], values: Sequence[outline.Values]) -> bool:
    """Whether enough groups have several rows with figures: sums that come out by chance do so in one or two."""
    deepest = max(levels)
    pairs = zip(levels, values, strict=True)
    runs = "".join(("1" if any(value) else "") if level == deepest else " " for level, value in pairs).split()
    return sum(len(run) > 1 for run in runs) >= _MANY


def _names(parts: list[str], kinds: Sequence[str], depth: int) -> list[str]:
    """What the levels are called: as the header lists them, else by what their labels are."""
    if len(parts) == depth:
        days = synonyms("transactions")["ordered_at"]
        known = (kind != "day" or normalise(part) in days for part, kind in zip(parts, kinds, strict=False))
        return [part if said else _DAY for part, said in zip(parts, known, strict=True)]
    others = [level for level, kind in enumerate(kinds) if kind == "other"]
    named = {"document": _DOCUMENT, "day": _DAY, "period": _PERIOD}
    names = [named.get(kind, "") for kind in kinds]
    single = parts[0] if len(parts) == 1 else ""
    product = normalise(single) in {*synonyms("products")["name"], *synonyms("transactions")["product_name"]}
    for level in others:
        leaf = level == depth - 1
        if leaf:
            names[level] = single if product else _PRODUCT
        elif product:
            names[level] = _CLIENT if "document" in kinds and level < kinds.index("document") else "Группа номенклатуры"
        else:
            names[level] = single if single and is_grouping(single) else _CLIENT
    for level, name in enumerate(names):
        twice = names[:level].count(name)
        if twice:
            names[level] = f"{name} {twice + 1}"
    return names


def _documents(labels: list[str]) -> dict[str, Cells]:
    """Number and date of each row's document; its whole title where a number stands for several documents."""
    read = {label: outline.document(label) or (label, None) for label in labels}
    counted: dict[str, int] = {}
    for number, _ in read.values():
        counted[number] = counted.get(number, 0) + 1
    columns: dict[str, Cells] = {
        _NUMBER: [read[label][0] if counted[read[label][0]] == 1 else label for label in labels]
    }
    if any(date for _, date in read.values()):
        columns[_DATE] = [read[label][1] for label in labels]
    return columns


def _rebuilt(
    raw: RawTable, frame: pl.DataFrame, found: _Found, sums: Sequence[str], values: Sequence[outline.Values]
) -> RawTable:
    """The table of the details, and the rows set apart with their text as it stands."""
    new = [name for name in found.columns if name not in raw.header or name == found.replaced]
    header = [name for name in raw.header if name != found.replaced]
    place = raw.header.index(found.replaced) if found.replaced else 0
    header[place:place] = new
    details = frame[found.details].with_columns(
        pl.Series(name, cells, dtype=pl.String) for name, cells in found.columns.items()
    )
    apart = sorted(found.rules)
    mark = raw.layout.delimiter or "\t"
    broken = frame[apart].select(
        pl.col(ROW).alias("line"),
        pl.Series("rule", [found.rules[row] for row in apart], dtype=pl.String),
        pl.concat_str([pl.col(name).fill_null("") for name in raw.header], separator=mark).alias("raw"),
    )
    groups = sum(rule == "group_row" for rule in found.rules.values())
    notes = [Message("reading.groups", {"file": raw.name, "groups": groups, "rows": len(found.details)})]
    totals = [row for row, rule in found.rules.items() if rule == "totals_row"]
    for column, name in enumerate(sums):
        made = sum(values[row][column] or 0 for row in found.details)
        for row in totals:
            said = values[row][column]
            grand = any(is_grand(cell) for cell in frame.row(row) if isinstance(cell, str))
            if said is not None and grand and abs(said - made) >= outline.CENT:
                told = {"total": Decimal(said) / 10_000, "sum": Decimal(made) / 10_000}
                notes.append(Message("reading.total_differs", {"file": raw.name, "column": name, **told}))
    return replace(
        raw,
        header=tuple(header),
        frame=details.select(*header, ROW).lazy(),
        broken=broken if raw.broken is None else pl.concat([raw.broken, broken]),
        notes=(*raw.notes, *notes),
    )
