"""Frequent itemsets and rules beside mlxtend, PyFIM and Efficient-Apriori, as far as they are installed.

    python -m tests.benchmarks.itemsets [--data DIR] [--times N] [--million N ...]

Every program runs in a process of its own, in turn with the others, and all must find as many sets before a time
counts. Shown is the median: CPU seconds of the search alone, without imports and reading; peak memory of the process,
and how much of it came with the search; then how many times acrm's each is. acrm starts from two arrays of codes, the
others from lists of text; see `peers/itemsets.py`.

Data: Groceries, Online Retail and T10I4D100K, `basket/` in DIR (by default what ACRM_TEST_DATA names). With --million,
so many million made-up baskets of 5.6 lines and 50,000 items, drawn as Zipf has it, for acrm alone.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from math import ceil
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.benchmarks.measure import ENVIRON, ROOT, python, run

SCRIPT = Path(__file__).parent / "peers" / "itemsets.py"
MODULES = {"PyFIM": "fim", "mlxtend": "mlxtend", "Efficient-Apriori": "efficient_apriori"}
MINERS = (
    "acrm",
    "PyFIM fpgrowth",
    "PyFIM eclat",
    "mlxtend fpgrowth, sparse",
    "mlxtend fpgrowth, dense",
    "mlxtend hmine, dense",
    "Efficient-Apriori",
)
RULES = ("acrm, rules", "mlxtend, rules")
REAL = {"groceries": (9_835, (0.01, 0.001)), "online": (19_960, (0.02, 0.01, 0.005)), "t10i4": (100_000, (0.01, 0.001))}
HEADER = f"{'':<28}{'cpu s':>8}{'MB':>8}{'added':>8}{'to acrm':>10}{'':>8}\n"


@dataclass(frozen=True)
class Search:
    """One run, or the median of several."""

    found: int
    cpu: float
    memory: float
    added: float


def main() -> None:
    """Measure everything and print each case when it is done."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.itemsets")
    parser.add_argument("--data", metavar="DIR", type=Path, default=os.environ.get("ACRM_TEST_DATA", "."))
    parser.add_argument("--times", metavar="N", type=int, default=3)
    parser.add_argument("--million", metavar="N", type=int, nargs="*", default=[])
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="acrm-benchmarks-") as name:
        sys.stdout.write(HEADER)
        for title, file, count, programs in cases(asked.data, asked.million, Path(name)):
            show(title, beside([program for program in programs if there(program)], file, count, asked.times))


def cases(data: Path, millions: list[int], scratch: Path) -> Iterator[tuple[str, Path, int, tuple[str, ...]]]:
    """Title, arrays, fewest baskets, programs."""
    for name, (baskets, supports) in REAL.items() if (data / "basket").exists() else ():
        file = scratch / f"{name}.npz"
        run(python("-m", "tests.benchmarks.basket_arrays", name, data / "basket", file))
        for support in supports:
            yield f"{name}, support {support}", file, ceil(round(support * baskets, 6)), MINERS
    if (scratch / "groceries.npz").exists():
        yield "groceries, support 0.001, all rules", scratch / "groceries.npz", 10, RULES
    for million in millions:
        file = scratch / f"{million}.npz"
        run(python("-m", "tests.benchmarks.basket_arrays", "zipf", million, file))
        for support in (0.001, 0.0002, 0.00005):
            yield f"{million} million baskets, support {support}", file, round(support * million * 1e6), ("acrm",)


def there(program: str) -> bool:
    """Whether what it needs is installed."""
    module = next((module for name, module in MODULES.items() if program.startswith(name)), None)
    return module is None or find_spec(module) is not None


def beside(programs: list[str], file: Path, count: int, times: int) -> dict[str, Search]:
    """The median of each, run in turn.

    Raises:
        RuntimeError: A program failed, or two found different numbers.
    """
    runs: dict[str, list[Search]] = {program: [] for program in programs}
    for _ in range(times):
        for program, done in runs.items():
            done.append(search(program, file, count))
    found = {done[0].found for done in runs.values()}
    if len(found) > 1:
        raise RuntimeError(f"results differ: {found}")
    return {
        program: Search(
            done[0].found,
            median(each.cpu for each in done),
            median(each.memory for each in done),
            median(each.added for each in done),
        )
        for program, done in runs.items()
    }


def search(program: str, file: Path, count: int) -> Search:
    """Run one program to its end."""
    command = python(SCRIPT, program, file, count)
    process = subprocess.Popen(command, env=ENVIRON, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    words = process.stdout.read().split()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"exit code {process.returncode}: {' '.join(command)}")
    memory = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    return Search(int(words[0]), float(words[1]), memory, memory - float(words[2]))


def show(title: str, searches: dict[str, Search]) -> None:
    """A case: what each program took, and how many times that of acrm."""
    first = next(iter(searches.values()))
    sys.stdout.write(f"\n{title}: {first.found:,}\n")
    for name, cost in searches.items():
        ratio = f"{cost.cpu / first.cpu:>10.1f}{cost.memory / first.memory:>8.1f}" if cost is not first else ""
        sys.stdout.write(f"  {name:<26}{cost.cpu:>8.3f}{cost.memory:>8,.0f}{cost.added:>8,.0f}{ratio}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
