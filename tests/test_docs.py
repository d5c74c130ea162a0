"""The pages and the code say the same."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import acrm
from acrm import cli
from tests import docs

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", docs.pages())
def test_generated_pages_are_current(name: str) -> None:
    assert docs.current(name, docs.pages()[name]), "python -m tests.docs"


def test_check_names_what_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(docs, "DOCS", tmp_path)
    monkeypatch.setattr(sys, "argv", ["docs", "--check"])
    assert docs.main() == 3
    assert "docs/cli.md differs" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["docs"])
    assert docs.main() == 0
    monkeypatch.setattr(sys, "argv", ["docs", "--check"])
    assert docs.main() == 0


def test_every_command_has_a_file_and_every_file_is_a_command() -> None:
    files = {path.stem for path in (ROOT / "acrm" / "commands").glob("*.py")} - {"__init__"}
    assert files == set(cli.COMMANDS)


def test_every_command_is_in_the_changelog() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert acrm.__version__ in changelog
    for name in cli.COMMANDS:
        assert f"`acrm {name}`" in changelog


def test_every_option_is_explained_and_named_after_its_parameter() -> None:
    for command in cli.program().commands.values():
        for option in command.params:
            assert getattr(option, "help", None), option.name
            if option.param_type_name == "option":
                assert f"--{option.name.replace('_', '-')}" in option.opts


def test_exit_codes_in_the_help_are_those_of_the_page() -> None:
    said = re.search(r"Exit codes: (.*?)\.\n\n", docs.pages()["cli.md"], re.DOTALL)
    assert said
    page = re.findall(r"^\| (\d+) \|", docs.pages()["exit-codes.md"], re.MULTILINE)
    assert re.findall(r"\b\d+\b", said[1]) == page


def test_the_readme_has_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in ("run", "test"):
        assert len(re.findall(rf"^<!-- {name} -->\n```sh\n.+?\n```$", readme, re.MULTILINE | re.DOTALL)) == 1


def test_links_between_the_pages_lead_somewhere() -> None:
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").glob("*.md")):
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_what_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[<>=; ]", word)[0] for word in project["dependencies"]}
    # Imported where the option that needs it is used, and asked for by its name when it is not there.
    extras = [word for name in ("cloud", "link", "spark") for word in project["optional-dependencies"][name]]
    declared |= {re.split(r"[<>=; ]", word)[0] for word in extras}
    imported = set()
    for file in (ROOT / "acrm").rglob("*.py"):
        imported |= set(re.findall(r"^\s*(?:import|from) (\w+)", file.read_text(encoding="utf-8"), re.MULTILINE))
    named = {"sklearn": "scikit-learn", "vl_convert": "vl-convert-python"}
    named |= {"grpc": "grpcio", "pyspark": "pyspark-client"}
    outside = {named.get(name, name) for name in imported - set(sys.stdlib_module_names) - {"acrm"}}
    assert outside <= declared


def test_python_m_acrm() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "acrm", "--version"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout == f"acrm {acrm.__version__}\n"
