"""A `Page` as text for a terminal or a pipe: every line fits the width, and nothing is left out without saying so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from itertools import zip_longest
from typing import TYPE_CHECKING, Literal

from acrm.messages import text
from acrm.render.blocks import (
    Block,
    Card,
    Cards,
    Cell,
    Chart,
    Col,
    Decisions,
    Facts,
    Grid,
    Headline,
    Lines,
    Page,
    Section,
    Steps,
)
from acrm.render.charts.letters import grid, under
from acrm.render.figures import Number, bar, figures, known, scales
from acrm.render.layout import GAP, Span, cut, fit, harmless, longest, pad, wrap

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

INDENT = 2
NARROWEST = 20
MEASURE = 100
"""Sentences are easier to read in lines no longer than this."""
BAR_LEAST, BAR_GOOD, BAR_MOST = 5, 9, 12
PROSE_LINE = 60
"""Sentences stand in a column where each has a line of its own, or one as long as this."""
TEXT_LEAST, TEXT_HALF = 14, 30
"""A text column may be narrowed to half of its text, but not below the first, and to the second in any case."""
LABEL = 16
"""A longer label takes a second line."""
# From which share a heat cell looks how. Inverted stands out most on a light and on a dark terminal alike, grey-blue
# with white letters less on both, faint least: the order of the steps is the same everywhere, and the number is there.
SHADES = ((0.5, "bold reverse"), (0.25, "color(231) on color(67)"), (0.1, ""), (0.0, "dim"))


def render(page: Page, *, width: int, plain: bool, colour: bool, unicode: bool = True) -> str:
    """The page as lines of at most `width` cells (20 or more), each ending in a newline.

    Plain text has the same content without rules, bars and sparklines, and its bytes depend on the arguments alone.
    Without `colour` there is no escape code, without `unicode` acrm's own signs are ASCII. What the terminal can
    do is the caller's to find out; nothing is asked here.
    """
    from rich.console import Console

    out = StringIO()
    width = max(width, NARROWEST)
    console = Console(
        file=out,
        width=width,
        force_terminal=True,
        color_system="256" if colour and not plain else None,
        legacy_windows=False,
        force_jupyter=False,
        _environ={},
    )
    pen = _Pen(width, plain, unicode)
    drawn = [parts for block in page.blocks for parts in pen.parts(block) if parts]
    for position, parts in enumerate(drawn):
        if position:
            console.line()
        for part in parts:
            console.print(part, no_wrap=True, overflow="ignore", crop=False)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().split("\n")[:-1])


@dataclass(frozen=True)
class _Pen:
    """Draws blocks with rich, in a margin of two cells that holds the marks."""

    width: int
    plain: bool
    unicode: bool

    def parts(self, block: Block | Section) -> Iterator[list[RenderableType]]:
        """What `draw` gives for the block, or for the blocks of a section under its title."""
        if not isinstance(block, Section):
            yield self.draw(block)
        elif inner := [parts for parts in map(self.draw, block.blocks) if parts]:
            yield [*self.heading(block.title)]
            yield from inner

    def heading(self, title: str) -> Iterator[Text]:
        """A title with a rule behind it, up to the end of the line."""
        from rich.text import Text

        *above, last = wrap(self.clean(title), self.width)
        yield from (Text(line, "bold") for line in above)
        rule = 0 if self.plain or not self.unicode else self.width - longest([last]) - 1
        yield Text.assemble((last, "bold"), (f" {'─' * rule}" if rule > 0 else "", "dim"))

    def draw(self, block: Block) -> list[RenderableType]:
        """What rich prints for the block, part by part; nothing for an empty block."""
        parts: list[RenderableType] = []
        match block:
            case Headline():
                return [*self.prose(block.text, "bold"), *self.prose(block.sub, "dim")]
            case Facts():
                parts += self.pairs(block.rows, "dim", "")
            case Steps():
                parts += self.pairs(block.steps, "cyan", "dim", mark="→", joint=" \\")
            case Lines():
                parts += [part for line in block.lines for part in self.prose(line, "", INDENT, block.mark)]
            case Grid() if block.rows:
                parts += self.grid(block)
            case Cards():
                parts += self.pairs([(card.label, _card(card)) for card in block.cards], "dim", "")
            case Decisions():
                for place, decision in enumerate(block.decisions, 1):
                    parts += [*self.prose(decision.what, "bold", INDENT, f"{place}")]
                    parts += self.pairs(decision.facts, "dim", "")
            case Chart() if shown := grid(block):
                parts += self.grid(shown)
                parts += self.prose(under(block), "dim", INDENT)
        return [*self.prose(block.title, "bold"), *parts] if parts else []

    def clean(self, words: str) -> str:
        return harmless(words, self.unicode)

    def prose(self, sentence: str, style: str, indent: int = 0, mark: str = "") -> Iterator[Text]:
        """A sentence over as many lines as it takes, `mark` in the margin of the first."""
        from rich.text import Text

        for line in wrap(self.clean(sentence), min(self.width, MEASURE) - indent) if sentence else ():
            yield Text.assemble((pad(self.clean(mark), indent), "yellow"), (line, style))
            mark = ""

    def pairs(
        self, rows: Sequence[tuple[str, str]], left: str, right: str, *, mark: str = "", joint: str = ""
    ) -> Iterator[Text]:
        """Two columns in two styles; a left text longer than three fifths of the line stands above its right.

        `joint` ends every line but the last of a left text: a command on two lines is still one for the shell.
        """
        from rich.text import Text

        cleaned = [(self.clean(label), self.clean(value)) for label, value in rows]
        inner = self.width - INDENT
        column = max((longest([label]) for label, _ in cleaned if longest([label]) <= inner * 3 // 5), default=INDENT)
        for label, value in cleaned:
            values = wrap(value, inner - column - GAP)
            labels = _command_lines(label, inner, joint) if joint else wrap(label, inner)
            if longest(labels) > column:
                values = [""] * len(labels) + values
            margin = self.clean(mark)
            for start, end in zip_longest(labels, values, fillvalue=""):
                yield Text.assemble(pad(margin, INDENT), (pad(start, column + GAP), left), (end, right))
                margin = ""

    def grid(self, grid: Grid) -> Iterator[RenderableType]:
        """The table, then what it does not show: rows left out by the caller, columns left out for want of space."""
        from rich.box import SIMPLE_HEAD
        from rich.padding import Padding
        from rich.table import Table
        from rich.text import Text

        rows = [[known(cell) for cell in row] for row in grid.rows]
        columns = [
            self.column(col, [row[position] for row in rows], top)
            for position, (col, top) in enumerate(zip(grid.columns, scales(grid.columns, rows), strict=True))
            if not (self.plain and col.kind == "spark")
        ]
        widths = fit([column.span for column in columns], self.width - INDENT)
        ruled = self.unicode and not self.plain
        table = Table(
            box=SIMPLE_HEAD if ruled else None,
            padding=(0, GAP - ruled, 0, 0),  # a box has a cell of its own between columns
            pad_edge=False,
            show_edge=False,
            header_style="dim",
            border_style="dim",
        )
        for position, width in widths.items():
            column = columns[position]
            label = Text("\n".join(wrap(column.label, width)))
            table.add_column(label, justify=column.align, width=width, no_wrap=True)
        # Bars of one scale must have one length, too.
        length = min((width - columns[i].content - 1 for i, width in widths.items() if columns[i].top), default=0)
        for row in range(len(rows)):
            table.add_row(*(columns[position].cell(row, width, length) for position, width in widths.items()))
        yield Padding(table, (0, 0, 0, INDENT))
        if grid.more:
            yield from self.prose(text("render.more", rows=grid.more), "dim", INDENT)
        left_out = [column for position, column in enumerate(columns) if position not in widths]
        if names := ", ".join(column.label for column in left_out if column.col.kind != "prose"):
            yield from self.prose(text("render.dropped", columns=names), "dim", INDENT)
        for column in left_out:
            if column.col.kind == "prose":
                yield ""
                yield from self.prose(column.label, "bold")
                yield from self.pairs(list(zip(columns[0].written, column.written, strict=True)), "", "")

    def column(self, col: Col, values: Sequence[Cell], top: float) -> _Column:
        written = [self.clean(figure) for figure in figures(col, values, self.unicode)]
        if col.max is not None:
            written = [cut(figure, col.max, self.clean("…")) for figure in written]
        return _Column(self.clean(col.label), col, values, written, 0 if self.plain else top, self.unicode)


@dataclass(frozen=True)
class _Column:
    label: str
    col: Col
    values: Sequence[Cell]
    written: list[str]
    top: float
    """The value of a full bar; 0 where there are no bars to draw."""
    unicode: bool

    @cached_property
    def content(self) -> int:
        """Cells of the longest text or figure."""
        return longest(self.written)

    @property
    def align(self) -> Literal["left", "right"]:
        left = self.top or self.col.kind in ("text", "prose", "spark")
        return self.col.align or ("left" if left else "right")

    @property
    def span(self) -> Span:
        """How much space the column needs for its cells and its label."""
        word, label = min(longest(self.label.split(" ")), TEXT_LEAST), longest(wrap(self.label, LABEL))
        least = good = most = self.content
        if self.col.kind == "prose":
            least = min(self.content, PROSE_LINE)
        elif self.col.kind == "heat":
            least = good = most = max(self.content, len("100"))
        elif self.col.kind == "text":
            whole = longest(word for figure in self.written for word in figure.split(" "))
            least = min(self.content, max(TEXT_LEAST, min(max(-(-self.content // 2), whole), TEXT_HALF)))
        elif self.top:
            least, good, most = (self.content + 1 + bar for bar in (BAR_LEAST, BAR_GOOD, BAR_MOST))
        first = self.col.kind in ("text", "prose")
        return Span(max(least, word), max(good, label), max(most, label), first, self.col.priority)

    def cell(self, row: int, width: int, length: int) -> Text:
        """What stands in a row, in `width` cells; `length` is that of a full bar."""
        from rich.text import Text

        value, figure = self.values[row], self.written[row]
        style = "dim" if value is None else ""
        if self.top:
            share = float(value) / self.top if isinstance(value, Number) else 0
            drawn = bar(share, length, self.unicode)
            return Text.assemble((pad(figure, self.content, "right"), style), " ", (drawn, "cyan"))
        if self.col.kind == "heat" and isinstance(value, Number):
            return Text(pad(figure, width, "right"), next((look for least, look in SHADES if value >= least), ""))
        return Text("\n".join(wrap(figure, width)), style)


def _card(card: Card) -> str:
    told = " · ".join(part for part in (card.change, card.sub) if part)
    return f"{card.value}  {told}" if told else card.value


def _command_lines(command: str, width: int, joint: str) -> list[str]:
    """A command on as many lines as it takes, broken between shell words; only too long a word is chopped."""
    words = re.findall(r"(?:'[^']*'|\"[^\"]*\"|[^\s'\"]|['\"])+", command) or [""]
    lines = [words[0]]
    for word in words[1:]:
        if longest([f"{lines[-1]} {word}{joint}"]) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    lines = [*(line + joint for line in lines[:-1]), lines[-1]]
    return [part for line in lines for part in wrap(line, width)]
