"""Files that cases read, each made when it is first asked for and then kept, so that no case pays for another's."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.measure import ROOT, python, run

PEERS = Path(__file__).parent / "peers"
MILLION = 1_000_000
RETAIL = 541_909
"""Lines of Online Retail: the number that stands for the real file among numbers of made-up lines."""
LINES_A_CUSTOMER = 2.5
"""Of `Inputs.wide`: every second order is a customer's first."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Where they are.

    Attributes:
        scratch: A folder of its own.
        data: A folder with public data, in which `basket/` is looked for.
    """

    scratch: Path
    data: Path
    made: dict[str, Path] = field(default_factory=dict)

    @property
    def retail(self) -> Path:
        """Online Retail."""
        return self.data / "basket" / "online_retail.csv"

    def csv(self, lines: int) -> Path:
        """Order lines as an export."""
        if lines == RETAIL:
            # A copy has just been in memory, as the made-up lines have.
            return self._made(f"{lines}.csv", lambda path: shutil.copy(self.retail, path))
        return self._from("lines", f"{lines}.csv", lines)

    def parquet(self, lines: int) -> Path:
        """The same as Parquet, as DuckDB writes it."""
        return self._converted(self.csv(lines))

    def store(self, lines: int) -> Path:
        """The same as `acrm clean` keeps it."""
        return self._made(f"store-{lines}", lambda path: _acrm("clean", self.csv(lines), "-q", "-o", path))

    def wide(self, lines: int) -> Path:
        """Order lines of many customers as Parquet: for 50 million lines more than 10 million."""
        return self._converted(self._from("lines", f"wide-{lines}.csv", lines, LINES_A_CUSTOMER))

    def shop(self, lines: int) -> Path:
        """A store with customers and interactions."""
        return self._made(f"shop-{lines}", lambda path: run(python("-m", "tests.benchmarks.made.shop", lines, path)))

    def histories(self, customers: int) -> Path:
        """Customers as a model of buying sees them."""
        return self._from("histories", f"histories-{customers}.parquet", customers)

    def kinds(self, customers: int) -> Path:
        """Customers with thirty columns."""
        return self._from("kinds", f"kinds-{customers}.parquet", customers)

    def contacts(self, records: int) -> Path:
        """Records of people, some of them twice."""
        return self._from("contacts", f"contacts-{records}.parquet", records)

    def baskets(self, name: str, lines: int = 0) -> Path:
        """Baskets as arrays: so many lines of `zipf`, or a real set of that name."""
        words = ("zipf", lines) if name == "zipf" else (name, self.data / "basket")
        return self._from("baskets", f"{name}-{lines}.npz", *words)

    def _from(self, generator: str, name: str, *words: object) -> Path:
        module = f"tests.benchmarks.made.{generator}"
        return self._made(name, lambda path: run(python("-m", module, *words, path)))

    def _converted(self, csv: Path) -> Path:
        def converted(folder: Path) -> None:
            folder.mkdir()
            run(python(PEERS / "convert_duckdb.py", csv, folder))

        return self._made(csv.stem, converted) / "lines.parquet"

    def _made(self, name: str, make: Callable[[Path], object]) -> Path:
        if name not in self.made:
            make(self.scratch / name)
            self.made[name] = self.scratch / name
        return self.made[name]


def _acrm(*words: object) -> None:
    run(python("-m", "acrm", *words))


def compiled() -> None:
    """Compile acrm, so that no program pays for that."""
    run(python("-m", "compileall", "-q", ROOT / "acrm"))
