"""The outside world: the streams, who reads them, and what may be said. Nothing else looks at the environment."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

from acrm.errors import OutputError
from acrm.messages import text

if TYPE_CHECKING:
    from acrm.messages import Message
    from acrm.render.blocks import Page

# Control characters inside names and cells could drive the terminal; a tab and a newline are harmless.
_VISIBLE = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"}
# Bytes of a file's name that are no text.
_VISIBLE_BYTES = {0xDC00 + byte: f"\\x{byte:02x}" for byte in range(128, 256)}


@dataclass(frozen=True, kw_only=True)
class Console:
    """Where results and messages go.

    Results go to `stdout` and are always written; everything else goes to `stderr`, where `quiet` silences all but
    errors. Every attribute can be given, so a test needs no patching of `sys`.
    """

    stdout: TextIO
    stderr: TextIO
    stdout_tty: bool = False
    stderr_tty: bool = False
    stdout_color: bool = False
    stderr_color: bool = False
    animated: bool = False
    """Whether progress may be redrawn in place on stderr."""
    width: int = 80
    quiet: bool = False
    verbose: bool = False
    budget: str | None = None
    """The amount of memory that the environment gives to Polars, as it is written there."""

    @classmethod
    def real(cls, environ: Mapping[str, str] | None = None) -> Console:
        """The streams of this process; 80 columns wide unless a terminal says otherwise."""
        environ = os.environ if environ is None else environ
        stdout, stderr = _stream(sys.stdout), _stream(sys.stderr)
        out, err = stdout.isatty(), stderr.isatty()
        return cls(
            stdout=stdout,
            stderr=stderr,
            stdout_tty=out,
            stderr_tty=err,
            stdout_color=wants_color(environ, tty=out),
            stderr_color=wants_color(environ, tty=err),
            animated=err and environ.get("TERM") != "dumb",
            width=shutil.get_terminal_size().columns if out else 80,
            budget=environ.get("POLARS_OOC_MEMORY_BUDGET_MB"),
        )

    def adjusted(self, *, quiet: bool, verbose: bool, no_color: bool) -> Console:
        """This console after `--quiet`, `--verbose` and `--no-color`."""
        return replace(
            self,
            quiet=quiet,
            verbose=verbose,
            stdout_color=self.stdout_color and not no_color,
            stderr_color=self.stderr_color and not no_color,
        )

    @property
    def unicode(self) -> bool:
        """Whether stdout can show characters beyond ASCII."""
        return (self.stdout.encoding or "utf-8").lower().startswith("utf")

    def result(self, words: str) -> None:
        """Write text of a result; it is never silenced."""
        with _reported(self.stdout):
            words = words.translate(_VISIBLE_BYTES)
            self.stdout.write(words if words.endswith("\n") else words + "\n")

    def show(self, page: Page) -> None:
        """Write a page of results: drawn for a terminal, plain text for everything else."""
        from acrm.render.terminal import render

        plain = not (self.stdout_tty or self.stdout_color)
        self.result(render(page, width=self.width, plain=plain, colour=self.stdout_color, unicode=self.unicode))

    def data(self, content: bytes) -> None:
        """Write machine-readable output: UTF-8 whatever the terminal speaks."""
        buffer: BinaryIO | None = getattr(self.stdout, "buffer", None)
        with _reported(self.stdout):
            if buffer is None:
                self.stdout.write(content.decode())
            else:
                self.stdout.flush()
                buffer.write(content)

    def flush(self) -> None:
        """Bring out what is still held back, so that a full disk or a closed pipe is noticed."""
        with _reported(self.stdout):
            self.stdout.flush()

    def status(self, message: Message) -> None:
        """Say what was done."""
        if not self.quiet:
            self._say(str(message))

    def detail(self, message: Message) -> None:
        """Say what only `--verbose` asks for."""
        if self.verbose and not self.quiet:
            self._say(str(message))

    def error(self, message: Message, hint: Message | None = None) -> None:
        """Say why the run failed, and what can be typed about it; never silenced."""
        self._say(text("console.error", message=message))
        if hint:
            self._say("  " + text("console.hint", hint=hint))

    @contextmanager
    def progress(self, message: Message, total: int | None = None) -> Iterator[Callable[[int], None]]:
        """Show a long stage while it runs; call what is yielded with the steps just done.

        Redrawn in place on a terminal and gone afterwards; elsewhere one line, and only with `--verbose`.
        """
        if self.quiet or not self.animated:
            self.detail(message)
            yield lambda _steps: None
            return
        from rich.console import Console as RichConsole
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        screen = RichConsole(file=self.stderr, no_color=not self.stderr_color, force_terminal=True)
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=screen, transient=True) as bar:
            task = bar.add_task(str(message).translate(_VISIBLE), total=total)
            yield lambda steps: bar.advance(task, steps)

    def _say(self, line: str) -> None:
        self.flush()
        self.stderr.write(line.translate({**_VISIBLE, **_VISIBLE_BYTES}) + "\n")
        self.stderr.flush()


def _stream(given: TextIO | None) -> TextIO:
    """A standard stream that takes any text: what its encoding lacks is replaced; a closed one swallows all."""
    if given is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    if isinstance(given, TextIOWrapper):
        given.reconfigure(errors="replace")
    return given


@contextmanager
def _reported(stream: TextIO) -> Iterator[None]:
    """Turn a failed write into an `OutputError`; a closed pipe stays what it is, as it is no error of ours."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        abandon(stream)
        raise OutputError("stdout", reason=error.strerror) from error


def abandon(*streams: TextIO) -> None:
    """Let what is still unwritten go nowhere, or the interpreter would try again, and complain, when it exits."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        with suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def wants_color(environ: Mapping[str, str], *, tty: bool) -> bool:
    """Whether a stream is coloured: NO_COLOR forbids, FORCE_COLOR demands, else a terminal that is not dumb.

    Both variables count only when they are not empty.

    >>> wants_color({}, tty=True), wants_color({"TERM": "dumb"}, tty=True), wants_color({"NO_COLOR": "1"}, tty=True)
    (True, False, False)
    >>> wants_color({"FORCE_COLOR": "1"}, tty=False), wants_color({"FORCE_COLOR": "1", "NO_COLOR": "1"}, tty=True)
    (True, False)
    """
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return tty and environ.get("TERM") != "dumb"
