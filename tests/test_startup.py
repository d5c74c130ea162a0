"""What `--help` does not pay for: asserted on the modules that were imported, not on milliseconds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from acrm import cli

ROOT = Path(__file__).parents[1]
HEAVY = {"polars", "pandas", "numpy", "pyarrow", "sklearn", "scipy", "mlxtend", "matplotlib", "rich", "narwhals"}
SHOW = """
import sys
from acrm.cli import main
code = main(sys.argv[1:])
print(*sys.modules, file=sys.stderr)
sys.exit(code)
"""


def imported(*words: str) -> set[str]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-c", SHOW, *words], env=environ, capture_output=True, text=True, check=True)
    assert ran.stdout
    return set(ran.stderr.split())


@pytest.mark.parametrize("words", [(), ("--help",), ("--version",), *((name, "--help") for name in cli.COMMANDS)])
def test_help_imports_nothing_heavy(words: tuple[str, ...]) -> None:
    assert not imported(*words) & HEAVY


def test_the_package_costs_nothing_until_it_is_asked() -> None:
    code = "import sys, acrm; assert not set(sys.modules) & set(sys.argv); acrm.RfmParams; acrm.rfm"
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code, *HEAVY], env=environ, check=True)


@pytest.mark.parametrize(("given", "found"), [(None, "passive"), ("active", "active")])
def test_waiting_threads_sleep_unless_the_user_says_otherwise(
    given: str | None, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    if given:
        monkeypatch.setenv("OMP_WAIT_POLICY", given)
    monkeypatch.setattr(sys, "argv", ["acrm", "--version"])
    with pytest.raises(SystemExit):
        cli.entry()
    assert os.environ["OMP_WAIT_POLICY"] == found
