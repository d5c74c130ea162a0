"""What every command must do, whatever it computes. A command added to `cli.COMMANDS` is tested here at once."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from acrm import cli
from acrm.lineage import Lineage
from tests.conftest import Acrm

ROOT = Path(__file__).parents[1]
HEADER = "order_id,customer_id,order_date,product,quantity,price,amount"
# Words that make a command work that needs no sources, or other ones than orders of one line; the rest have orders.csv.
WORDS = {
    "demo": ("shop",),
    "lineage": ("made.parquet",),
    "basket": ("orders.csv", "--basket-is", "customer"),
    "churn": ("left.csv",),
    "funnel": ("deals.csv",),
}
OPTIONS = {name: {option.name for option in command.params} for name, command in cli.program().commands.items()}
READING = [name for name in cli.COMMANDS if "sources" in OPTIONS[name]]
WRITING = [name for name in cli.COMMANDS if "out" in OPTIONS[name]]
SPEAKING = [name for name in cli.COMMANDS if "json" in OPTIONS[name]]

every = pytest.mark.parametrize("command", cli.COMMANDS)
reading = pytest.mark.parametrize("command", READING)
writing = pytest.mark.parametrize("command", WRITING)
unix = pytest.mark.skipif(sys.platform == "win32", reason="needs Unix pipes and signals")


def rows(count: int = 600) -> Iterator[str]:
    """Orders of 150 customers over two years: some often, some rarely, some no more."""
    for number in range(count):
        customer, price = number * number % 150, 5 + number % 17
        day = date(2024, 1, 1) + timedelta(days=number * 37 % (365 + customer))
        pieces = 1 + number % 3
        cells = number + 1, f"c{customer:03}", day, f"item {number % 7}", pieces, f"{price}.50", pieces * (price + 0.5)
        yield ",".join(map(str, cells))


def left(count: int = 80) -> Iterator[str]:
    """Customers of whom it is known whether they left."""
    yield "customer_id,email,tenure,plan,churn"
    for number in range(count):
        tenure, plan = number * 37 % 60, "monthly" if number % 3 else "yearly"
        gone = "yes" if (number * 53 % 97) / 97 < 0.7 - tenure / 100 - 0.2 * (plan == "yearly") else "no"
        yield f"c{number:03},c{number}@mail.example,{tenure},{plan},{gone}"


def deals(count: int = 300) -> Iterator[str]:
    """Deals of a year: half of them won, a quarter lost, and the rest open in two stages."""
    yield "deal id,stage,created at,closed at,amount,owner"
    for number in range(count):
        begun = date(2024, 1, 1) + timedelta(days=number * 37 % 365)
        stage = ("Won", "Won", "Lost", "Talk" if number % 8 else "Offer")[number * 7 % 4]
        closed = begun + timedelta(days=1 + number * 13 % 50) if stage in ("Won", "Lost") else ""
        yield f"d{number},{stage},{begun},{closed},{100 + number}.50,{'Ann' if number % 3 else 'Bob'}"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with orders, and with everything that is not orders."""
    lines = [HEADER, *rows()]
    contents = {
        "orders.csv": "\n".join(lines) + "\n",
        "left.csv": "\n".join(left()) + "\n",
        "deals.csv": "\n".join(deals()) + "\n",
        "empty.csv": "",
        "header.csv": HEADER + "\n",
        "one.csv": "\n".join(lines[:2]) + "\n",
        "blank.csv": "\n\n\n",
        "words.txt": "nothing to see here",
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)) * 40)
    (tmp_path / "folder").mkdir()
    lineage = Lineage(command="rfm", options={"seed": (1, "flag")}, rows_in=1, rows_out=1)
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "made.parquet", metadata=lineage.metadata())
    return tmp_path


def line(command: str, *options: str) -> list[str]:
    return [command, *WORDS.get(command, ("orders.csv",)), *options]


def source(command: str) -> str:
    return WORDS.get(command, ("orders.csv",))[0]


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def is_one_error(err: str) -> bool:
    """Whether a text is one error, perhaps with a hint and further lines of its own, and no traceback."""
    return (
        len(re.findall("^acrm: error: ", err, re.MULTILINE)) == 1
        and err.startswith("acrm: error: ")
        and "Traceback" not in err
    )


def process(words: list[str], folder: Path, **settings: object) -> subprocess.Popen[bytes]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-m", "acrm", *words], cwd=folder, env=environ, **settings)  # type: ignore[call-overload, no-any-return]


@every
def test_help(acrm: Acrm, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    ran = acrm(command, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert re.search(rf"^  Examples:\n    acrm {command} \S", ran.out, re.MULTILINE)
    assert "\x1b" not in ran.out
    assert acrm(command, "-h").out == ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


@every
def test_it_works(acrm: Acrm, files: Path, command: str) -> None:
    ran = acrm(*line(command))
    assert ran.code == 0
    assert ran.out
    assert "acrm: error" not in ran.err


@every
def test_quiet(acrm: Acrm, files: Path, command: str) -> None:
    ran = acrm(*line(command, "--quiet"))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out, "the result is never silenced"


@every
def test_unknown_option(acrm: Acrm, files: Path, command: str) -> None:
    before = snapshot(files)
    ran = acrm(*line(command, "--no-such-option"))
    assert (ran.code, ran.out) == (2, "")
    assert is_one_error(ran.err)
    assert snapshot(files) == before


@every
def test_russian(acrm: Acrm, files: Path, command: str) -> None:
    ran = acrm(*line(command, "--lang", "ru"))
    assert ran.code == 0
    assert re.search("[а-я]", ran.out)


@reading
def test_missing_file(acrm: Acrm, command: str) -> None:
    ran = acrm(command, "none.csv")
    assert (ran.code, ran.out) == (3, "")
    assert is_one_error(ran.err)
    assert "none.csv" in ran.err.splitlines()[0]


@reading
@pytest.mark.parametrize(
    "name", ["empty.csv", "header.csv", "one.csv", "blank.csv", "binary.csv", "words.txt", "folder", "made.parquet"]
)
def test_poor_input(acrm: Acrm, files: Path, command: str, name: str) -> None:
    before = snapshot(files)
    ran = acrm(command, name)
    assert ran.code in (0, 3)
    if ran.code:
        assert is_one_error(ran.err)
        assert ran.out == ""
        assert snapshot(files) == before


@reading
def test_standard_input(acrm: Acrm, files: Path, command: str) -> None:
    ran = acrm(command, "-", stdin=(files / source(command)).read_bytes())
    assert ran.code == 0
    assert ran.out
    nothing = acrm(command, "-", stdin=b"")
    assert nothing.code == 3
    assert is_one_error(nothing.err)


@pytest.mark.parametrize("command", SPEAKING)
def test_json(acrm: Acrm, files: Path, command: str) -> None:
    ran = acrm(*line(command, "--json"))
    assert ran.code == 0
    assert isinstance(json.loads(ran.out), dict)
    assert acrm(*line(command, "--json")).raw == ran.raw


@every
@pytest.mark.parametrize("variable", ["", "NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS", "TERM=dumb", "COLUMNS=20"])
def test_colours_in_a_pipe(
    acrm: Acrm, files: Path, monkeypatch: pytest.MonkeyPatch, command: str, variable: str
) -> None:
    if command == "clean":
        # A second run finds that nothing has changed.
        acrm(*line(command))
    plain = acrm(*line(command))
    if command == "demo":
        (files / "shop").rename(files / "first")
    name, _, value = variable.partition("=")
    if name:
        monkeypatch.setenv(name, value or "1")
    ran = acrm(*line(command))
    assert (ran.code, ran.err) == (0, plain.err)
    if variable != "FORCE_COLOR":
        assert ran.out == plain.out
        assert "\x1b" not in ran.out
        assert "\x1b" not in acrm(*line(command, "--no-color")).out


@unix
@every
@pytest.mark.parametrize(("variable", "coloured"), [("", True), ("NO_COLOR=1", False), ("TERM=dumb", False)])
def test_colours_on_a_terminal(
    files: Path, monkeypatch: pytest.MonkeyPatch, command: str, variable: str, coloured: bool
) -> None:
    import pty

    monkeypatch.setenv("TERM", "xterm-256color")
    name, _, value = variable.partition("=")
    if name:
        monkeypatch.setenv(name, value)
    reader, writer = pty.openpty()
    running = process(line(command), files, stdout=writer, stderr=writer)
    os.close(writer)
    said = b""
    try:
        while part := os.read(reader, 1 << 16):
            said += part
    except OSError:
        pass  # how Linux says that the other end has gone
    os.close(reader)
    assert running.wait() == 0
    colours = re.findall(rb"\x1b\[[0-9;]*m", said)
    if not coloured:
        assert not colours


@writing
def test_two_runs_give_the_same_bytes(acrm: Acrm, files: Path, command: str) -> None:
    first = acrm(*line(command, "-o", "made"))
    one = snapshot(files / "made")
    for path in (files / "made").iterdir():
        path.unlink()
    second = acrm(*line(command, "-o", "made"))
    assert first.out == second.out
    assert one
    assert snapshot(files / "made") == one


@writing
def test_a_failed_run_leaves_the_last_good_output(
    acrm: Acrm, files: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    acrm(*line(command, "-o", "made"))
    before = snapshot(files)
    assert acrm(command, "orders.csv", "empty.csv", "-o", "made").code in (0, 3)
    assert acrm(command, "orders.csv", "none.csv", "-o", "made").code == 3

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    # Of one order no rhythm can be learnt, and it is no deal.
    ran = acrm(command, "one.csv" if command not in ("clv", "churn", "funnel") else source(command), "-o", "made")
    assert (ran.code, ran.out) == (4, "")
    assert is_one_error(ran.err)
    assert snapshot(files) == before
    assert acrm(command, source(command), "-o", "new").code == 4
    assert not (files / "new").exists()


@writing
def test_a_folder_that_cannot_be(acrm: Acrm, files: Path, command: str) -> None:
    ran = acrm(*line(command, "-o", "words.txt"))
    assert ran.code == 4
    assert is_one_error(ran.err)


@pytest.mark.parametrize("command", [name for name in WRITING if "format" in OPTIONS[name]])
def test_the_main_table_for_a_pipe(acrm: Acrm, files: Path, command: str) -> None:
    before = snapshot(files)
    ran = acrm(*line(command, "-o", "-", "--quiet"))
    assert ran.code == 0
    assert pl.read_csv(ran.raw, infer_schema=False).height > 0
    assert not ran.raw.startswith(b"\xef\xbb\xbf")
    assert snapshot(files) == before


@unix
@every
def test_a_reader_that_goes_away(files: Path, command: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    running = process(line(command), files, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    said = running.communicate()[1].decode()
    assert running.returncode == 141
    assert "error" not in said
    assert "Traceback" not in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@every
def test_a_full_disk(files: Path, command: str) -> None:
    with Path("/dev/full").open("wb") as full:
        running = process(line(command, "--quiet"), files, stdout=full, stderr=subprocess.PIPE)
        said = running.communicate()[1].decode()
    assert running.returncode == 4
    assert is_one_error(said)


def interrupted(command: str, files: Path, inherited: object) -> subprocess.Popen[bytes]:
    """A run that waits for more standard input, and has just got a Ctrl-C, which it inherits a way to take."""
    before = signal.signal(signal.SIGINT, inherited)  # type: ignore[arg-type]
    try:
        running = process([command, "-"], files, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    finally:
        signal.signal(signal.SIGINT, before)
    assert running.stdin
    # More than a pipe holds: when it is gone, the command is at work and waits for more.
    running.stdin.write(HEADER.encode() + b"\n" + b"1,c1,2024-01-05,item,1,1.50,1.50\n" * 40_000)
    running.stdin.flush()
    running.send_signal(signal.SIGINT)
    return running


@unix
@reading
def test_an_interruption(files: Path, command: str) -> None:
    before = snapshot(files)
    # A shell makes its background jobs ignore Ctrl-C, and this may be one.
    running = interrupted(command, files, signal.default_int_handler)
    try:
        running.wait(timeout=30)
    finally:
        running.kill()
    assert running.stdin
    running.stdin.close()
    assert running.stdout
    assert running.stderr
    with running.stdout, running.stderr:
        assert (running.returncode, running.stdout.read(), running.stderr.read()) == (130, b"", b"")
    assert snapshot(files) == before


@unix
def test_an_interruption_that_is_to_be_ignored(files: Path) -> None:
    running = interrupted("doctor", files, signal.SIG_IGN)
    said = running.communicate(timeout=60)[1]
    assert (running.returncode, said) == (0, b"")


@pytest.mark.parametrize("name", ["transactions.parquet", "clean.json", "dictionary.md"])
def test_clean_replaces_no_file_of_somebody_else(acrm: Acrm, files: Path, name: str) -> None:
    (files / "mine").mkdir()
    (files / "mine" / name).write_bytes(b"mine")
    before = snapshot(files)
    ran = acrm("clean", "orders.csv", "-o", "mine")
    assert (ran.code, ran.out) == (4, "")
    assert is_one_error(ran.err)
    assert snapshot(files) == before


@pytest.mark.parametrize("column", ["_flags", "_source_file"])
@pytest.mark.parametrize("command", [name for name in cli.COMMANDS if "by" in OPTIONS[name]])
def test_nothing_is_cut_by_a_column_of_lineage(acrm: Acrm, files: Path, command: str, column: str) -> None:
    before = snapshot(files)
    ran = acrm(*line(command, "--by", column, *(("--bins", "amount") if command == "segment" else ())))
    assert (ran.code, ran.out) in ((2, ""), (3, ""))
    assert is_one_error(ran.err)
    assert column in ran.err.splitlines()[0]
    assert "hint: " in ran.err
    assert f"--by {column}" not in ran.err.partition("hint: ")[2]
    assert snapshot(files) == before
