"""One writer at a time, readers who see all or nothing, nothing left behind by the dead."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from acrm import publish
from acrm.errors import InputError, OutputError
from acrm.publish import JOURNAL, LOCK, new, pending, reading, recover, standing, writing

unix = pytest.mark.skipif(sys.platform == "win32", reason="folders are not locked on Windows")


def put(folder: Path, **contents: str) -> None:
    """Publish files `a.csv`, `b.csv`, ..."""
    with writing(folder):
        for name, content in contents.items():
            new(folder, f"{name}.csv").write_text(content, encoding="utf-8")
        publish.publish(folder, [f"{name}.csv" for name in contents])


def held(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.iterdir())}


@contextmanager
def elsewhere(code: str, *words: object) -> Iterator[subprocess.Popen[str]]:
    """Another process that has run `code`, and waits."""
    program = f"import sys, time\nfrom pathlib import Path\nfrom acrm.publish import *\n{code}\n"
    root = Path(__file__).parents[1]
    with subprocess.Popen(
        [sys.executable, "-c", program, *map(str, words)], cwd=root, stdout=subprocess.PIPE, text=True
    ) as running:
        try:
            assert running.stdout
            assert running.stdout.readline() == "ready\n"
            yield running
        finally:
            running.kill()


WRITER = "with writing(Path(sys.argv[1])):\n    print('ready', flush=True)\n    time.sleep(60)"
READER = "with reading([Path(sys.argv[1])]):\n    print('ready', flush=True)\n    time.sleep(60)"


def test_files_appear_together(tmp_path: Path) -> None:
    put(tmp_path / "out", a="old")
    with writing(tmp_path / "out"):
        new(tmp_path / "out", "a.csv").write_text("new", encoding="utf-8")
        new(tmp_path / "out", "b.csv").write_text("new", encoding="utf-8")
        assert (tmp_path / "out" / "a.csv").read_text(encoding="utf-8") == "old"
        publish.publish(tmp_path / "out", ["b.csv"], ["a.csv"])
    assert held(tmp_path / "out") == {"b.csv": "new"}


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_or_not_at_all(tmp_path: Path, error: BaseException) -> None:
    put(tmp_path, a="old")
    with pytest.raises(type(error)), writing(tmp_path):  # noqa: PT012
        new(tmp_path, "a.csv").write_text("new", encoding="utf-8")
        raise error
    assert held(tmp_path) == {"a.csv": "old"}
    with pytest.raises(type(error)), writing(tmp_path / "out"):
        raise error
    assert not (tmp_path / "out").exists(), "a folder made for nothing is removed"


def test_a_file_keeps_its_mode(tmp_path: Path) -> None:
    put(tmp_path, a="old")
    (tmp_path / "a.csv").chmod(0o600)
    put(tmp_path, a="new")
    assert held(tmp_path) == {"a.csv": "new"}
    assert (tmp_path / "a.csv").stat().st_mode & 0o777 == 0o600


def test_one_writes_at_a_time(tmp_path: Path) -> None:
    with elsewhere(WRITER, tmp_path) as other:
        with pytest.raises(OutputError) as raised, writing(tmp_path, patience=0.2):
            pass
        assert raised.value.id == "store_taken"
        assert raised.value.values["process"] == str(other.pid)
        other.kill()
        other.wait()
        # A lock dies with its process, even when its file is left.
        assert (tmp_path / LOCK).exists()
        put(tmp_path, a="new")
    assert held(tmp_path) == {"a.csv": "new"}


def test_the_next_waits_for_its_turn(tmp_path: Path) -> None:
    with elsewhere(WRITER.replace("60", "0.3"), tmp_path / "out"):
        put(tmp_path / "out", a="new")
    assert held(tmp_path / "out") == {"a.csv": "new"}


@unix
def test_files_stay_while_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, clean="old")
    (tmp_path / "clean.json").write_text("{}", encoding="utf-8")
    with elsewhere(READER, tmp_path) as other:
        monkeypatch.setattr(publish, "READERS", 0.2)
        with pytest.raises(OutputError) as raised:
            put(tmp_path, clean="new")
        assert raised.value.id == "store_read"
        assert held(tmp_path) == {"clean.csv": "old", "clean.json": "{}"}
        other.kill()
        other.wait()
        put(tmp_path, clean="new")
    assert held(tmp_path) == {"clean.csv": "new", "clean.json": "{}"}


@unix
def test_readers_read_together(tmp_path: Path) -> None:
    (tmp_path / "clean.json").write_text("{}", encoding="utf-8")
    with elsewhere(READER, tmp_path), reading([tmp_path, tmp_path / "nowhere"]):
        pass


@pytest.fixture
def half(tmp_path: Path) -> Path:
    """A folder whose writer died between two renames: `a` was to be replaced, `b` to come, `c` to go."""
    put(tmp_path, a="old", c="old")
    new(tmp_path, "b.csv").write_text("new", encoding="utf-8")
    (tmp_path / "a.csv").write_text("new", encoding="utf-8")
    (tmp_path / JOURNAL).write_text('{"replace": ["a.csv", "b.csv"], "remove": ["c.csv"]}', encoding="utf-8")
    return tmp_path


WHOLE = {"a.csv": "new", "b.csv": "new"}


def test_what_a_dead_run_began_is_completed(half: Path) -> None:
    new(half, "left over.csv").write_text("?", encoding="utf-8")
    with writing(half):
        assert {name: text for name, text in held(half).items() if name != LOCK} == WHOLE
    assert held(half) == WHOLE


def test_readers_complete_it_too(half: Path) -> None:
    with reading([half]):
        assert held(half) == WHOLE


@unix
def test_nothing_is_renamed_under_a_reader(half: Path) -> None:
    before = held(half)
    with elsewhere(
        READER.replace(
            "with reading", "recover = 0\nimport acrm.publish as p\np.recover = lambda *a, **k: 0\nwith reading"
        ),
        half,
    ):
        with reading([half]):
            assert held(half) == before
        with pytest.raises(OutputError):
            recover(half, patience=0)


def test_what_stands_for_what(half: Path) -> None:
    assert pending(half) == {"b.csv": new(half, "b.csv"), "c.csv": None}
    assert [standing(half / name) for name in ("a.csv", "b.csv", "x.csv")] == [
        half / "a.csv",
        new(half, "b.csv"),
        half / "x.csv",
    ]
    assert pending(half / "a.csv") == pending(half / "nowhere") == {}


@pytest.mark.parametrize(
    "journal",
    [
        "",
        "{}",
        '{"replace": ["../x"], "remove": []}',
        '{"replace": [], "remove": ["/etc/x.csv"]}',
        '{"replace": [], "remove": ["thesis.docx"]}',
    ],
)
def test_a_journal_that_is_none_of_ours_is_refused(journal: str, tmp_path: Path) -> None:
    (tmp_path / JOURNAL).write_text(journal, encoding="utf-8")
    for asked in (recover, pending):
        with pytest.raises(InputError):
            asked(tmp_path)


def test_an_empty_folder_needs_no_recovery(tmp_path: Path) -> None:
    recover(tmp_path)
    recover(tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []
