"""The shell around every command, shown on a command made for it: options, their origins, errors and exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
import pytest
import typer

from acrm import __version__, cli
from acrm.console import Console
from acrm.errors import AcrmError, CheckFailed, InputError, ModelError, OutputError, UsageError
from acrm.options import AsOf, Reading, Run, Selecting, Sources, Writing, numbers_of
from tests.conftest import Acrm


class Probe:
    """A command that notes what it was given, and ends as it is told."""

    def __init__(self) -> None:
        self.seen: dict[str, Any] = {}
        self.then: Callable[[Run], object] = lambda _run: None

    def command(
        self,
        run: Run,
        sources: Sources,
        *,
        reading: Reading,
        selecting: Selecting,
        writing: Writing = Writing(out="elsewhere"),  # noqa: B008  # frozen
        scoring: Annotated[Literal["rank", "ntile"], typer.Option("--scoring")] = "rank",
        classes: Annotated[int, typer.Option("--classes")] = 5,
        as_of: AsOf = None,
    ) -> None:
        """Note everything."""
        self.seen = {name: value for name, value in locals().items() if name != "self"}
        self.then(run)


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Probe]:
    made = Probe()
    module = types.ModuleType("acrm.commands.probe")
    vars(module)["probe"] = made.command
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(cli, "COMMANDS", ("probe", "lineage"))
    cli.program.cache_clear()
    yield made
    cli.program.cache_clear()


def origin(probe: Probe, option: str) -> tuple[object, str]:
    return probe.seen["run"].options[option]  # type: ignore[no-any-return]


def test_bare_acrm_shows_the_workflow_in_five_lines(acrm: Acrm) -> None:
    ran = acrm()
    assert (ran.code, ran.err, len(ran.out.splitlines())) == (0, "", 5)
    assert max(map(len, ran.out.splitlines())) <= 80
    russian = acrm("--lang", "ru")
    assert len(russian.out.splitlines()) == 5
    assert max(map(len, russian.out.splitlines())) <= 80
    assert "КОМАНДА" in russian.out


def test_version(acrm: Acrm) -> None:
    assert acrm("--version").out == f"acrm {__version__}\n"


def test_bundles_and_defaults(acrm: Acrm, probe: Probe) -> None:
    words = ["a.csv", "--map", "order_id=No", "--map", "customer_id=Card no", "--delimiter", "tab", "--where", "a > 1"]
    assert acrm("probe", *words, "--date-order", "dmy", "--names", "a, b", "-", "--fail-on", "rows>1").code == 0
    seen = probe.seen
    assert seen["sources"] == ["a.csv", "-"]
    assert seen["selecting"].where == "a > 1"
    assert seen["writing"] == Writing(out="elsewhere", fail_on=["rows>1"])
    assert (seen["scoring"], seen["classes"], seen["as_of"]) == ("rank", 5, None)
    ingest = seen["reading"].ingest()
    assert ingest.fields == (("order_id", "No"), ("customer_id", "Card no"))
    assert (ingest.read.delimiter, ingest.read.names, ingest.date_order) == ("\t", ("a", "b"), "dmy")


def test_flag_beats_environment_beats_file_beats_default(
    acrm: Acrm, probe: Probe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acrm("probe", "a.csv")
    assert origin(probe, "classes") == (5, "default")
    (tmp_path / "acrm.toml").write_text("[probe]\nclasses = 7\n", encoding="utf-8")
    acrm("probe", "a.csv")
    assert origin(probe, "classes") == (7, "config")
    monkeypatch.setenv("ACRM_CLASSES", "6")
    acrm("probe", "a.csv")
    assert origin(probe, "classes") == (6, "env")
    acrm("probe", "a.csv", "--classes", "3")
    assert origin(probe, "classes") == (3, "flag")


def test_what_does_not_change_a_result_is_not_recorded(acrm: Acrm, probe: Probe) -> None:
    acrm("probe", "a.csv", "-q", "--no-color", "-o", "there", "--json")
    recorded = probe.seen["run"].options
    assert {"classes", "scoring", "as_of", "map", "lang"} < recorded.keys()
    assert not {"sources", "out", "json", "quiet", "no_color", "debug", "config", "ctx"} & recorded.keys()
    assert probe.seen["run"].sources == ("a.csv",)


def test_the_file_in_full(acrm: Acrm, probe: Probe, tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(
        """
        tz = "Europe/Moscow"
        date-order = "dmy"
        fail_on = "rows>1"
        names = ["a", "b"]
        json = true
        [map]
        customer_id = "Card no"
        [probe]
        scoring = "ntile"
        as_of = 2011-12-11
        """,
        encoding="utf-8",
    )
    assert acrm("probe", "a.csv", "--config", "my.toml").code == 0
    reading = probe.seen["reading"]
    assert (reading.tz, reading.date_order, reading.names) == ("Europe/Moscow", "dmy", "a,b")
    assert reading.map == ["customer_id=Card no"]
    assert (probe.seen["writing"].fail_on, probe.seen["writing"].json) == (["rows>1"], True)
    assert (probe.seen["scoring"], str(probe.seen["as_of"])) == ("ntile", "2011-12-11")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("clases = 3", "acrm.toml: there is no option 'clases'\n  hint: did you mean classes"),
        ("[probe]\ntzz = 'UTC'", "acrm.toml [probe]: there is no option 'tzz'\n  hint: did you mean tz"),
        ("[lineage]\nclasses = 3", "acrm.toml [lineage]: there is no option 'classes'"),
        ("[prob]\nclasses = 3", "acrm.toml: there is no option 'prob'\n  hint: did you mean probe"),
        ("sources = 'a.csv'", "acrm.toml: there is no option 'sources'"),
        ("a = ", "acrm.toml: Invalid value"),
        ("lang = 'de'", "--lang cannot be 'de'"),
    ],
)
def test_a_slip_in_the_file(acrm: Acrm, probe: Probe, tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "acrm.toml").write_text(content, encoding="utf-8")
    ran = acrm("probe", "a.csv")
    assert ran.code == UsageError.exit_code
    assert f"acrm: error: {complaint}" in ran.err
    assert not probe.seen


def test_a_file_that_is_asked_for_must_be_there(acrm: Acrm, probe: Probe) -> None:
    ran = acrm("probe", "a.csv", "--config=none.toml")
    assert (ran.code, ran.err) == (2, "acrm: error: none.toml: cannot be read: No such file or directory\n")


@pytest.mark.parametrize("where", ["before", "after", "env", "file"])
def test_language(acrm: Acrm, probe: Probe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    if where == "env":
        monkeypatch.setenv("ACRM_LANG", "ru")
    if where == "file":
        (tmp_path / "acrm.toml").write_text("lang = 'ru'", encoding="utf-8")
    words = ["probe", "a.csv", "--classes", "x"]
    ran = acrm(*{"before": ["--lang", "ru", *words], "after": [*words, "--lang=ru"]}.get(where, words))
    assert ran.err == "acrm: ошибка: --classes: нужно целое число\n"


def test_the_last_language_wins(acrm: Acrm, probe: Probe) -> None:
    acrm("--lang", "ru", "probe", "a.csv", "--lang", "en")
    assert origin(probe, "lang") == ("en", "flag")
    acrm("--lang", "ru", "probe", "a.csv")
    assert origin(probe, "lang") == ("ru", "flag")


@pytest.mark.parametrize("words", [["-q", "probe", "a.csv"], ["probe", "a.csv", "-q"], ["probe", "-qv", "a.csv"]])
def test_quiet_before_or_after_the_command(acrm: Acrm, probe: Probe, words: list[str]) -> None:
    acrm(*words)
    console: Console = probe.seen["run"].console
    assert console.quiet


@pytest.mark.parametrize(
    ("words", "complaint", "hint"),
    [
        (["porbe"], "there is no command 'porbe'", "did you mean acrm probe"),
        (["xyz"], "there is no command 'xyz'", "acrm --help lists the commands"),
        (["--quite"], "there is no option --quite", "did you mean --quiet"),
        (["probe", "a", "--clases=3"], "there is no option --clases", "did you mean --classes"),
        (["probe", "a", "--xyzzy"], "there is no option --xyzzy", "add --help to the command to see its options"),
        (["probe"], "SOURCE is missing", "add --help to the command to see examples"),
        (["probe", "a", "--classes"], "--classes needs a value", None),
        (["probe", "a", "--json=1"], "--json takes no value", None),
        (["lineage", "a", "b"], "too many words: b", None),
        (["probe", "a", "--classes", "x"], "--classes must be a whole number", None),
        (["probe", "a", "--scoring", "x"], "--scoring cannot be 'x'", "choose from 'rank', 'ntile'"),
        (["probe", "a", "--as-of", "11.12.2011"], "'11.12.2011' is not a date", "write it as 2026-01-31"),
        (["probe", "a", "--fail-on", "rows"], "'rows' is not a limit", "--fail-on 'rejected_share>0.01'"),
    ],
)
def test_usage(acrm: Acrm, probe: Probe, words: list[str], complaint: str, hint: str | None) -> None:
    ran = acrm(*words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"acrm: error: {complaint}\n" + (f"  hint: {hint}\n" if hint else "")


@pytest.mark.parametrize("word", ["order_id", "=No", "order_id="])
def test_half_a_pair(acrm: Acrm, probe: Probe, word: str) -> None:
    probe.then = lambda _run: probe.seen["reading"].ingest()
    ran = acrm("probe", "a.csv", "--map", word)
    assert (ran.code, ran.err.splitlines()[0]) == (2, f"acrm: error: --map '{word}' is not a pair")


@pytest.mark.parametrize("word", ["r", "r=", "r=1,,2", "r=x"])
def test_no_numbers(word: str) -> None:
    with pytest.raises(UsageError):
        numbers_of("--cuts", [word])


def test_unknown_format(acrm: Acrm, probe: Probe) -> None:
    probe.then = lambda _run: probe.seen["writing"].formats
    assert acrm("probe", "a.csv", "--format", "parquet, csv").code == 0
    assert acrm("probe", "a.csv", "--format", "xml").err.startswith("acrm: error: there is no format 'xml'\n")


def ending(error: BaseException) -> Callable[[Run], None]:
    def end(_run: Run) -> None:
        raise error

    return end


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CheckFailed("usage", message="x"), 1),
        (UsageError("usage", message="x"), 2),
        (InputError("usage", message="x"), 3),
        (OutputError("usage", message="x"), 4),
        (ModelError("usage", message="x"), 5),
        (AcrmError("usage", message="x"), 70),
        (OSError(28, "x"), 4),
        (OSError("x (os error 28)"), 4),
        (OSError(27, "x"), 4),
        (OSError(5, "x"), 3),
        (FileNotFoundError("x (os error 2)"), 3),
        (MemoryError(), 3),
        (pl.exceptions.ComputeError("parquet: File out of specification: x"), 3),
        (KeyError("x"), 70),
        (pl.exceptions.ColumnNotFoundError("x\nplan\nplan"), 70),
        (AssertionError(), 70),
    ],
)
def test_every_error_is_a_sentence_and_a_code(acrm: Acrm, probe: Probe, error: BaseException, code: int) -> None:
    probe.then = ending(error)
    ran = acrm("probe", "a.csv")
    assert (ran.code, ran.out) == (code, "")
    first, *rest = ran.err.splitlines()
    assert first.startswith("acrm: error: ")
    assert all(line.startswith("  hint: ") for line in rest)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(32, "Broken pipe"), 141),
        (OSError("Broken pipe (os error 32)"), 141),
        (SystemExit(0), 0),
    ],
)
def test_some_ends_are_silent(acrm: Acrm, probe: Probe, error: BaseException, code: int) -> None:
    probe.then = ending(error)
    ran = acrm("probe", "a.csv")
    assert (ran.code, ran.out, ran.err) == (code, "", "")


def test_a_bug_asks_to_be_reported(acrm: Acrm, probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    probe.then = ending(KeyError("spend"))
    ran = acrm("probe", "my file.csv")
    assert "bug in acrm: KeyError: 'spend'" in ran.err
    assert ran.err.endswith("acrm probe 'my file.csv'\n")
    assert "Traceback" not in ran.err
    for secret in ("sc://host:1/;token=a/b==;x=y", "s3://key:ab==@shop/x", "az://box/x?sv=1&sig=a/b=="):
        told = acrm("probe", secret).err
        assert ("b==" in told, "***" in told) == (False, True)
    assert acrm("probe", "sc://host:15002").err.endswith("acrm probe sc://host:15002\n")
    assert "Traceback" in acrm("probe", "a.csv", "--debug").err
    monkeypatch.setenv("ACRM_DEBUG", "1")
    assert "Traceback" in acrm("probe", "a.csv").err
    monkeypatch.setenv("ACRM_DEBUG", "0")
    assert "Traceback" not in acrm("probe", "a.csv").err


def test_an_error_that_nobody_can_read_keeps_its_code(probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        encoding = "utf-8"

        def isatty(self) -> bool:
            return False

        def flush(self) -> None:
            pass

        def write(self, _text: str) -> int:
            raise OSError(28, "No space left on device")

        def fileno(self) -> int:
            raise OSError

    monkeypatch.setattr(sys, "stderr", Full())
    probe.then = ending(InputError("usage", message="x"))
    assert cli.main(["probe", "a.csv"]) == 3


def test_sums_do_not_depend_on_how_many_threads_share_them() -> None:
    code = """
import sys, threadpoolctl
from acrm.cli import entry
sys.argv = ["acrm", "--version"]
try:
    entry()
except SystemExit:
    import numpy, scipy.linalg
print({library["num_threads"] for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"})
"""
    env = os.environ | {"OPENBLAS_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}
    told = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert told.stdout.split("\n")[1] == "{1}"
