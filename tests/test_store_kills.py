"""Real processes killed at any moment, two at once, on full and read-only disks: a store is the old one or the new one.

ACRM_TEST_KILLS is how many runs of each kind are killed.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from acrm.publish import JOURNAL, pending, writing

KILLS = int(os.environ.get("ACRM_TEST_KILLS", "5"))
ROOT = Path(__file__).parents[1]
# Renames are over in a moment; here each takes long enough to be killed in.
SLOW = """
import sys, time
from pathlib import Path
quick = Path.replace
def replace(path, target):
    time.sleep(0.03)
    return quick(path, target)
Path.replace = replace
from acrm.cli import main
sys.exit(main(sys.argv[1:]))
"""
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")


def orders(first: int) -> str:
    lines = (
        f"{place},c{place % 40},2024-{place % 12 + 1:02}-{place % 28 + 1:02},p{place % 7},{place % 90 + first}.50"
        for place in range(first, first + 400)
    )
    return "order_id,customer_id,date,product,amount\n" + "\n".join(lines) + "\n"


OLD = {"orders.csv": orders(1), "clients.csv": "customer id,email\nc1,a@x.com\nc2,b@x.com\n", "x.csv": "foo,bar\n1,2\n"}
NEW = {"orders.csv": orders(300), "products.csv": "sku,product name,price\nM,Mug,5\n"}


def start(*words: object, limit: str = "") -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", SLOW, *map(str, words)]
    if limit:
        command = ["bash", "-c", f'{limit}; exec "$@"', "bash", *command]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "POLARS_MAX_THREADS": "1"}
    return subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def ended(running: subprocess.Popen[bytes]) -> tuple[int, str]:
    said = running.communicate(timeout=60)[1].decode()
    return running.returncode, said


def visible(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if not path.name.startswith(".")}


def meant(folder: Path) -> dict[str, bytes]:
    """The files as a reader who may not write finds them."""
    waiting = {name: file.read_bytes() if file else None for name, file in pending(folder).items()}
    return {name: content for name, content in {**visible(folder), **waiting}.items() if content is not None}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Exports of two days, the store after each, and what `rfm` makes of each day, in folders `old` and `new`."""
    folder = tmp_path_factory.mktemp("kills")
    for day, files in (("old", OLD), ("new", NEW)):
        (folder / day / "exports").mkdir(parents=True)
        for name, content in files.items():
            (folder / day / "exports" / name).write_text(content, encoding="utf-8")
        if day == "new":
            put(folder, "clean", folder / "new" / "clean")
        for command in ("clean", "rfm"):
            assert ended(start(*words(command, folder, day, folder / day / command)))[0] == 0
    return folder


def words(command: str, made: Path, day: str, out: Path) -> list[str]:
    return [command, str(made / day / "exports"), "-o", str(out), "-q"]


def put(made: Path, command: str, folder: Path) -> None:
    """The output of the old day."""
    folder.mkdir()
    for name, content in visible(made / "old" / command).items():
        (folder / name).write_bytes(content)


def moments(seed: int) -> Iterator[tuple[str, float]]:
    """When to kill: so long after the start, or after the first file was written, or after the journal stood."""
    chance = random.Random(seed)
    for place in range(KILLS):
        sign, most = (("", 1.5), (".acrm-*.new", 0.3), (JOURNAL, 0.25), (JOURNAL, 0.1), (".acrm-*.new", 0.6))[place % 5]
        yield sign, chance.uniform(0, most)


@pytest.mark.parametrize("command", ["clean", "rfm"])
def test_killed_at_any_moment(made: Path, tmp_path: Path, command: str) -> None:
    before, after = visible(made / "old" / command), visible(made / "new" / command)
    met: Counter[str] = Counter()
    for place, (sign, delay) in enumerate(moments(len(command))):
        folder = tmp_path / f"{place}" / command
        folder.parent.mkdir()
        put(made, command, folder)
        running = start(*words(command, made, "new", folder))
        while sign and not [*folder.glob(sign)] and running.poll() is None:
            time.sleep(0.002)
        time.sleep(delay)
        running.send_signal(signal.SIGKILL)
        ended(running)
        half = (folder / JOURNAL).exists()
        assert meant(folder) in (before, after), (place, sign, delay)
        with writing(folder):
            pass
        whole = visible(folder)
        met["half-way" if half else "new" if whole == after else "old"] += 1
        assert whole in (before, after), (place, sign, delay)
        assert not list(folder.glob(".*")), "nothing is left of the killed run"
    assert met["half-way"], met


def test_two_at_once(made: Path, tmp_path: Path) -> None:
    folder = tmp_path / "clean"
    put(made, "clean", folder)
    both = [start(*words("clean", made, "new", folder)) for _ in range(2)]
    codes = [ended(running)[0] for running in both]
    assert 0 in codes
    assert {*codes} <= {0, 4}
    assert visible(folder) == visible(made / "new" / "clean")
    assert not list(folder.glob(".*"))


@pytest.mark.parametrize("command", ["clean", "rfm"])
def test_a_full_disk(made: Path, tmp_path: Path, command: str) -> None:
    folder = tmp_path / command
    put(made, command, folder)
    code, said = ended(start(*words(command, made, "new", folder), limit="ulimit -f 3"))
    assert code == 4, said
    assert "error" in said
    assert visible(folder) == visible(made / "old" / command)
    assert not list(folder.glob(".*"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the super-user may write everywhere")
@pytest.mark.parametrize("command", ["clean", "rfm"])
def test_a_read_only_folder(made: Path, tmp_path: Path, command: str) -> None:
    folder = tmp_path / command
    put(made, command, folder)
    folder.chmod(0o555)
    try:
        code, said = ended(start(*words(command, made, "new", folder)))
        assert code == 4, said
        assert visible(folder) == visible(made / "old" / command)
        if command == "clean":
            assert ended(start("rfm", folder, "-o", tmp_path / "out"))[0] == 0
    finally:
        folder.chmod(0o755)
