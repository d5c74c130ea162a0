"""What every test may ask for: `acrm` runs a command line in an empty folder, `data` is the folder of real data."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from acrm import cli, messages
from tests.clusters import sail

# Several tests run at once: one thread each; a waiting thread sleeps.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# Sail tells of every step it takes.
os.environ.setdefault("RUST_LOG", "off")
# pyspark takes a worker of pytest-xdist, whose main module has no file, for a run of its own doctests.
vars(sys.modules["__main__"]).setdefault("__file__", __file__)
REMOTE = os.environ.get("ACRM_TEST_REMOTE")


@dataclass(frozen=True)
class Ran:
    """What a command line left behind: exit code, what it said on either stream, the exact bytes of standard output."""

    code: int
    out: str
    err: str
    raw: bytes


class Acrm(Protocol):
    """Run `acrm WORDS`."""

    def __call__(self, *words: object, stdin: bytes = b"") -> Ran: ...


@pytest.fixture(autouse=True)
def plain_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """English, no variables that acrm listens to, 80 columns."""
    for name in list(os.environ):
        if name.startswith("ACRM_") and name != "ACRM_TEST_DATA":
            monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    messages.use("en")
    yield
    messages.use("en")


@pytest.fixture
def acrm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Acrm:
    """Run a command line inside this process, in `tmp_path`, with streams that are no terminal."""
    monkeypatch.chdir(tmp_path)

    def run(*words: object, stdin: bytes = b"") -> Ran:
        out, err = io.BytesIO(), io.BytesIO()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
            patch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="utf-8"))
            patch.setattr(sys, "stderr", io.TextIOWrapper(err, encoding="utf-8"))
            code = cli.main([str(word) for word in words])
            sys.stdout.flush()
            sys.stderr.flush()
            # The wrappers would close the buffers with them.
            raw, said = out.getvalue(), err.getvalue()
        return Ran(code, raw.decode(), said.decode(), raw)

    return run


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """The address of a cluster: the one that ACRM_TEST_REMOTE names, else Sail, started for the tests."""
    with nullcontext(REMOTE) if REMOTE else sail() as address:
        yield address


@pytest.fixture(scope="session")
def data() -> Path:
    """The real data that ACRM_TEST_DATA names; without it the test is skipped."""
    folder = os.environ.get("ACRM_TEST_DATA")
    if not folder:
        pytest.skip("ACRM_TEST_DATA names no folder")
    return Path(folder)
