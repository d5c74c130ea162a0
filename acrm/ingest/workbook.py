"""What a workbook says of its cells beside their values: merged ranges, outline levels, marks of currency."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree as ET

from acrm.ingest.grid import Merged
from acrm.ingest.vocabulary import currencies

_CHUNK = 1 << 20
_FIRST = 1 << 18
"""Bytes of a sheet that tell how its columns are formatted."""
_MOST_BYTES = 128 << 20
_END = re.compile(rb"</(?:\w+:)?sheetData>")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^>]*?ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
_ROW = re.compile(rb"<(?:\w+:)?row ([^>]*)>(?:\s*<(?:\w+:)?c ([^>]*)>)?")
_CELL = re.compile(rb'<(?:\w+:)?c r="([A-Z]+)(\d+)"([^>]*[^/>])?><(?:\w+:)?(?:v|f|is)\b')
_STYLE = re.compile(rb'\bs="(\d+)"')
_TYPED = re.compile(rb'\bt="(?:s|str|inlineStr|b|e)"')
_SYMBOL = re.compile(r'\[\$([^\]-]+)(?:-[^\]]*)?\]|"([^"]+)"|\\(\S)|([$€£₽¥₸₴])')


@dataclass(frozen=True)
class Sheet:
    """One sheet's own XML, read as far as it is asked for."""

    path: Path
    part: str = ""
    """Name of the sheet inside the archive; empty when it was not found, and then nothing is known."""
    money: tuple[str | None, ...] = ()
    """Per cell style: the mark of the currency that its number format writes."""
    indents: tuple[int, ...] = field(default=())
    """Per cell style: its indent."""

    @cached_property
    def _ends(self) -> tuple[bytes, bytes]:
        """The first megabyte, and what stands below the cells."""
        if not self.part:
            return b"", b""
        tail = b""
        with zipfile.ZipFile(self.path) as archive, archive.open(self.part) as file:
            head = file.read(_CHUNK)
            chunk, below = head, False
            while chunk:
                tail = tail + chunk if below else tail[-32:] + chunk
                below = below or _END.search(tail) is not None
                chunk = file.read(_CHUNK)
        return head, tail

    @cached_property
    def left(self) -> int:
        """How many columns are empty left of the first one that is not: a reader of cells leaves these out."""
        least: int | None = None
        for cell in _CELL.finditer(self._ends[0]):
            column = _column(cell[1])
            least = column if least is None else min(least, column)
            if not least:
                break
        return least or 0

    def merged(self) -> list[Merged]:
        """The merged ranges, columns counted from the first that is not empty."""
        return [
            Merged(
                top=int(top) - 1, left=max(_column(a) - self.left, 0), bottom=int(end) - 1, right=_column(b) - self.left
            )
            for a, top, b, end in _MERGED.findall(self._ends[1])
        ]

    def marks(self) -> dict[int, str]:
        """Column, counted from the first that is not empty -> the mark that the format of its first numbers writes."""
        found: dict[int, set[str | None]] = {}
        if any(self.money):
            for column, _, attributes in _CELL.findall(self._ends[0][:_FIRST]):
                if not _TYPED.search(attributes):
                    style = _STYLE.search(attributes)
                    mark = self.money[int(style[1])] if style and int(style[1]) < len(self.money) else None
                    found.setdefault(_column(column) - self.left, set()).add(mark)
        return {column: str(*marks) for column, marks in found.items() if len(marks) == 1 and None not in marks}

    def levels(self) -> dict[int, int]:
        """Row of the sheet, from 1 -> how deep it stands by its outline, else by the indent of its first cell."""
        if not self.part:
            return {}
        with zipfile.ZipFile(self.path) as archive:
            if archive.getinfo(self.part).file_size > _MOST_BYTES:
                return {}
            content = archive.read(self.part)
        outlined: dict[int, int] = {}
        indented: dict[int, int] = {}
        for attributes, cell in _ROW.findall(content):
            row = re.search(rb'\br="(\d+)"', attributes)
            if row is None:
                return {}
            deep = re.search(rb'\boutlineLevel="(\d+)"', attributes)
            style = _STYLE.search(cell)
            outlined[int(row[1])] = int(deep[1]) if deep else 0
            known = style is not None and int(style[1]) < len(self.indents)
            indented[int(row[1])] = self.indents[int(style[1])] if style and known else 0
        return next((levels for levels in (outlined, indented) if any(levels.values())), {})


def sheets(path: Path) -> dict[str, Sheet]:
    """The sheets of an xlsx workbook by name; none where the archive is laid out in another way."""
    try:
        with zipfile.ZipFile(path) as archive:
            links = {
                link.get("Id"): _inside(link.get("Target", ""))
                for link in _xml(archive.read("xl/_rels/workbook.xml.rels"))
            }
            parts = {}
            for node in _xml(archive.read("xl/workbook.xml")).iter():
                if _tag(node) == "sheet":
                    link = next((value for key, value in node.items() if key.endswith("}id")), None)
                    parts[node.get("name", "")] = links.get(link, "")
            known = set(archive.namelist())
            money, indents = _styles(archive.read("xl/styles.xml")) if "xl/styles.xml" in known else ((), ())
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, ET.ParseError):
        return {}
    return {name: Sheet(path, part, money, indents) for name, part in parts.items() if part in known}


def _xml(content: bytes) -> ET.Element:
    """The root of a part; no part of a workbook declares entities, and one that does is not read."""
    if b"<!ENTITY" in content:
        raise ValueError("entity")
    return ET.fromstring(content)  # noqa: S314


def _inside(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)


def _tag(node: ET.Element) -> str:
    return node.tag.rpartition("}")[2]


def _styles(content: bytes) -> tuple[tuple[str | None, ...], tuple[int, ...]]:
    """Per cell style, the mark of currency of its number format and its indent."""
    formats: dict[str, str] = {}
    money: list[str | None] = []
    indents: list[int] = []
    for node in _xml(content):
        if _tag(node) == "numFmts":
            formats = {form.get("numFmtId", ""): form.get("formatCode", "") for form in node}
        elif _tag(node) == "cellXfs":
            for style in node:
                money.append(currency_mark(formats.get(style.get("numFmtId", ""), "")))
                aligned = next((child for child in style if _tag(child) == "alignment"), None)
                indents.append(int(aligned.get("indent", "0")) if aligned is not None else 0)
    return tuple(money), tuple(indents)


def currency_mark(form: str) -> str | None:
    r"""The mark of a currency in an Excel number format, None when it writes none or nobody knows it.

    >>> [currency_mark(form) for form in ('#,##0.00 "₽"', "[$€-2] #,##0.00", "$#,##0.00", '0 "руб."', '0 "kg"')]
    ['₽', '€', '$', 'руб.', None]
    """
    for groups in _SYMBOL.findall(form.partition(";")[0]):
        mark = "".join(groups).strip()
        if mark.casefold().strip(". ") in currencies():
            return mark
    return None


def _column(letters: bytes) -> int:
    """Number of a column from 0: A is 0, AA is 26.

    >>> _column(b"A"), _column(b"AA")
    (0, 26)
    """
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
