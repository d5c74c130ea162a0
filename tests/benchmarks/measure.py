"""Programs run in turn, each in a process of its own, and their results compared before a time counts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import isclose
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[2]
# Arrow, too, counts its threads by OMP_NUM_THREADS, so of the BLAS libraries only the own variables are set.
ENVIRON = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
FOLDER = "FOLDER"
"""In a command, the place of the folder for its results."""
LONG = 60
"""Seconds beyond which a program is run once."""
CLOSE = 1e-3
"""Relative difference up to which two fractions are one, as two optimisers never stop at the same place."""
_ALONE = "seconds.json"


class RunError(Exception):
    """A program ended with an error."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one run took, or the median of several."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of user and system time, all threads."""
    memory: float
    """Peak resident memory in MB."""

    def times(self, other: Cost) -> Cost:
        """How many times the other this is."""
        return Cost(wall=self.wall / other.wall, cpu=self.cpu / other.cpu, memory=self.memory / other.memory)


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What became of a program: `cost`, or None and in `told` why it does not count."""

    cost: Cost | None
    told: str = ""


def python(*words: object) -> list[str]:
    """A command line for the Python that runs this."""
    return [sys.executable, *map(str, words)]


def run(command: Sequence[str], folder: Path | None = None) -> Cost:
    """Run a command to its end and return what it took; what it prints is thrown away.

    A process starts with the peak memory of the one that started it (here about 20 MB), so nothing big is imported
    in this one. Where the program says what its step took alone (see `alone`), that is its time.

    Raises:
        RunError: The command failed.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        [str(folder) if word == FOLDER else word for word in command],
        env=ENVIRON,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RunError(f"exit code {process.returncode}: {' '.join(command[1:4])}")
    unit = 1 if sys.platform == "darwin" else 1024
    took = {"wall": wall, "cpu": used.ru_utime + used.ru_stime}
    if folder and (told := folder / _ALONE).exists():
        took = json.loads(told.read_text(encoding="utf-8"))
    return Cost(**took, memory=used.ru_maxrss * unit / 1e6)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Within a program: time this step alone, once its input is in memory."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    seconds = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    (folder / _ALONE).write_text(json.dumps(seconds), encoding="utf-8")


def beside(programs: Mapping[str, Sequence[str]], scratch: Path, times: int) -> dict[str, Ran]:
    """The median cost of each program, run in turn (A B A B) so that a busy moment of the machine meets all.

    One that takes more than a minute is run once. Times count only where the results are those of the first program.
    """
    costs: dict[str, list[Cost]] = {name: [] for name in programs}
    failed: dict[str, str] = {}
    found: dict[str, dict[str, Any]] = {}
    for _ in range(times):
        for name, command in programs.items():
            if name in failed or any(cost.wall > LONG for cost in costs[name]):
                continue
            folder = scratch / name
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            try:
                costs[name].append(run(command, folder))
                found[name] = figures(folder)
            except RunError as error:
                failed[name] = str(error)
    shutil.rmtree(scratch)
    first = found.get(next(iter(programs)))
    for name, has in found.items():
        if first and not _same(first["same"], has["same"]):
            failed[name] = f"results differ: {has['same']}, not {first['same']}"
    return {
        name: Ran(cost=None, told=failed[name])
        if name in failed
        else Ran(cost=middle(costs[name]), told=found[name].get("told", ""))
        for name in programs
    }


def figures(folder: Path) -> dict[str, Any]:
    """What must be equal of the results in a folder (`same`), and what is only to be told (`told`).

    Raises:
        RunError: There are none.
    """
    command = python("-m", "tests.benchmarks.figures", folder)
    asked = subprocess.run(command, env=ENVIRON, cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)
    if asked.returncode:
        raise RunError(f"no figures in {folder}")
    found: dict[str, Any] = json.loads(asked.stdout)
    return found


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whole numbers and words are equal, fractions are close."""
    return one.keys() == other.keys() and all(
        isclose(value, other[name], rel_tol=CLOSE) if isinstance(value, float) else value == other[name]
        for name, value in one.items()
    )


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(
        wall=median(cost.wall for cost in costs),
        cpu=median(cost.cpu for cost in costs),
        memory=median(cost.memory for cost in costs),
    )
