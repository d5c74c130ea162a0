"""Who hears what, in which colour, and what becomes of a stream that takes nothing."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from acrm.console import Console, wants_color
from acrm.errors import OutputError
from acrm.messages import Message
from acrm.render.blocks import Headline, Page

NO_FILE = Message("error.no_file", {"path": "a.csv"})


def console(**settings: Any) -> tuple[Console, io.StringIO, io.StringIO]:
    out, err = io.StringIO(), io.StringIO()
    return Console(stdout=out, stderr=err, **settings), out, err


@pytest.mark.parametrize(
    ("environ", "tty", "expected"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, False, True),
        ({"FORCE_COLOR": ""}, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
    ],
)
def test_colour(environ: Mapping[str, str], tty: bool, expected: bool) -> None:
    assert wants_color(environ, tty=tty) is expected


def test_no_color_beats_everything() -> None:
    told = console(stdout_color=True, stderr_color=True)[0].adjusted(quiet=False, verbose=False, no_color=True)
    assert not told.stdout_color
    assert not told.stderr_color


@pytest.mark.parametrize(
    ("quiet", "verbose", "heard"),
    [
        (False, False, ["status"]),
        (False, True, ["status", "detail"]),
        (True, False, []),
        (True, True, []),
    ],
)
def test_what_is_said(quiet: bool, verbose: bool, heard: list[str]) -> None:
    talker, out, err = console(quiet=quiet, verbose=verbose)
    talker.status(Message("error.usage", {"message": "status"}))
    talker.detail(Message("error.usage", {"message": "detail"}))
    assert err.getvalue().splitlines() == heard
    assert out.getvalue() == ""


def test_results_and_errors_are_never_silenced() -> None:
    talker, out, err = console(quiet=True)
    talker.result("42")
    talker.error(NO_FILE, Message("hint.no_file"))
    assert out.getvalue() == "42\n"
    first, second = err.getvalue().splitlines()
    assert first == "acrm: error: a.csv: no such file or folder"
    assert second.startswith("  hint: ")


def test_a_name_cannot_drive_the_terminal() -> None:
    talker, _, err = console()
    talker.error(Message("error.no_file", {"path": "\x1b[2Jevil\x07.csv"}))
    assert err.getvalue() == "acrm: error: \ufffd[2Jevil\ufffd.csv: no such file or folder\n"


def test_progress_is_drawn_on_a_terminal_and_gone_afterwards() -> None:
    talker, out, err = console(animated=True)
    with talker.progress(NO_FILE, total=2) as advance:
        advance(2)
    assert "a.csv" in err.getvalue()
    assert err.getvalue().endswith("\x1b[2K"), "the line is wiped"
    assert out.getvalue() == ""


@pytest.mark.parametrize(
    ("settings", "lines"),
    [({}, 0), ({"verbose": True}, 1), ({"animated": True, "quiet": True}, 0)],
)
def test_progress_elsewhere(settings: dict[str, bool], lines: int) -> None:
    talker, _, err = console(**settings)
    with talker.progress(NO_FILE) as advance:
        advance(1)
    assert len(err.getvalue().splitlines()) == lines


def test_data_is_utf8_whatever_the_terminal_speaks() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="cp1251")
    talker = Console(stdout=out, stderr=io.StringIO())
    talker.result("до")
    talker.data("после".encode())
    talker.flush()
    assert raw.getvalue() == "до\n".encode("cp1251") + "после".encode()


def test_a_page_is_plain_in_a_pipe_and_drawn_on_a_terminal() -> None:
    page = Page([Headline("seen")])
    talker, out, _ = console()
    talker.show(page)
    assert out.getvalue() == "seen\n"
    talker, out, _ = console(stdout_tty=True, stdout_color=True)
    talker.show(page)
    assert "\x1b[" in out.getvalue()


def test_a_full_disk_is_an_output_error() -> None:
    class Full(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="No space left on device"):
        Console(stdout=Full(), stderr=io.StringIO()).result("42")


def test_a_closed_pipe_is_no_error_of_ours() -> None:
    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(BrokenPipeError):
        Console(stdout=Gone(), stderr=io.StringIO()).result("42")


def test_real_streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "out").open("w", encoding="ascii") as out:
        monkeypatch.setattr("sys.stdout", out)
        monkeypatch.setattr("sys.stderr", None)
        real = Console.real({"FORCE_COLOR": "1"})
        real.result("имя")
        real.error(NO_FILE)
    assert (real.stdout_tty, real.stdout_color, real.animated, real.width) == (False, True, False, 80)
    assert (tmp_path / "out").read_text(encoding="ascii") == "???\n"
    real.stderr.close()
