"""Programs run in turn, each in a process of its own, and their results compared before a time counts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
# Arrow, too, counts its threads by OMP_NUM_THREADS, so of the BLAS libraries only the own variables are set.
ENVIRON = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
FOLDER = "FOLDER"
"""In a command, the place of the folder for its results."""


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


def python(*words: object) -> list[str]:
    """A command line for the Python that runs this."""
    return [sys.executable, *map(str, words)]


def run(command: Sequence[str]) -> Cost:
    """Run a command to its end and return what it took; what it prints is thrown away.

    A process starts with the peak memory of the one that started it (here about 20 MB), so nothing big is imported
    in this one.

    Raises:
        RuntimeError: The command failed.
    """
    started = time.perf_counter()
    process = subprocess.Popen(command, env=ENVIRON, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"exit code {process.returncode}: {' '.join(command)}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(wall=wall, cpu=used.ru_utime + used.ru_stime, memory=used.ru_maxrss * unit / 1e6)


def beside(programs: Mapping[str, Sequence[str]], scratch: Path, times: int) -> dict[str, Cost]:
    """The median cost of each program, run in turn (A B A B) so that a busy moment of the machine meets all.

    The results of the last run stay in the folder of the program's name.

    Raises:
        RuntimeError: A program failed, or two have different results.
    """
    costs: dict[str, list[Cost]] = {name: [] for name in programs}
    for _ in range(times):
        results = {}
        for name, command in programs.items():
            folder = scratch / name
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            costs[name].append(run([str(folder) if word == FOLDER else word for word in command]))
            results[name] = figures(folder)
        if len(set(results.values())) > 1:
            raise RuntimeError("results differ: " + "; ".join(f"{name}: {found}" for name, found in results.items()))
    return {name: _median(found) for name, found in costs.items()}


def figures(folder: Path) -> str:
    """What must be equal of the results in a folder."""
    command = python("-m", "tests.benchmarks.figures", folder)
    return subprocess.run(command, env=ENVIRON, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        wall=median(cost.wall for cost in costs),
        cpu=median(cost.cpu for cost in costs),
        memory=median(cost.memory for cost in costs),
    )
