"""Who may import whom, and who may touch the outside world: docs/contributing.md, as a test."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "acrm"
FILES = sorted(PACKAGE.rglob("*.py"))

# From top to bottom; nothing imports from a line above its own.
LEVELS = (
    {"cli", "__main__"},
    {"commands"},
    {"options", "engine_options", "segment_options", "churn_options", "console"}
    | {"load", "load_books", "load_lines", "load_deals", "load_report", "earlier"},
    {"ingest", "store", "analysis", "render", "write", "demo"},
    {"idle", "known", "lineage", "publish", "purposes", "summaries", "validity", "where", "models"},
    {"engine", "schema", "limits", "errors", "messages", "__init__"},
)
# Within a line, or from outside the package: what a layer stays away from. A dot marks a layer of our own.
APART = {
    "models": {"polars", "pandas", "pathlib", "os", "sys", "time", "random"},
    "analysis": {".ingest", ".store", ".render", ".write", ".demo", "pathlib", "os", "sys", "time", "random"},
    "ingest": {".analysis", ".store", ".render", ".write", ".demo"},
    "store": {".analysis", ".render", ".demo"},
    "write": {".analysis", ".ingest", ".store", ".render", ".demo"},
    "render": {".ingest", ".store", ".write", ".demo", "pathlib", "os", "sys"},
    "demo": {".ingest", ".store", ".analysis", ".render", ".write"},
}
# Only these import it.
KEPT = {
    "typer": {"cli", "commands", "options", "engine_options", "segment_options", "churn_options"},
    "rich": {"render", "console"},
    "subprocess": set[str](),
    "socket": set[str](),
    "urllib": set[str](),
}
# Only these ask what the moment or the machine says: a result depends on the sources and options alone.
OUTSIDE = {"environ", "getenv", "now", "today", "utcnow", "argv", "getcwd"}


def layer(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def level(name: str) -> int:
    return next(number for number, names in enumerate(LEVELS) if name in names)


def running(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those that only a type checker sees."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from running(child)


def imports(file: Path) -> Iterator[str]:
    """What a file imports: `.layer` for ours, the top name for others."""
    for node in running(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names = [f"acrm.{alias.name}" for alias in node.names] if node.module == "acrm" else [str(node.module)]
        else:
            continue
        for name in names:
            top, _, rest = name.partition(".")
            own = rest.partition(".")[0]
            yield top if top != "acrm" else f".{own}" if own in set().union(*LEVELS) else ".__init__"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_arrows_point_down(file: Path) -> None:
    own = layer(file)
    found = set(imports(file))
    above = {name for name in found if name.startswith(".") and level(name[1:]) < level(own)}
    assert not above, f"{own} is below {above}"
    assert not found & APART.get(own, set())
    assert not {name for name in found if own not in KEPT.get(name, {own})}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_nobody_asks_the_world_but_the_shell(file: Path) -> None:
    if layer(file) in ("cli", "console"):
        return
    asked = {
        node.attr for node in running(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Attribute)
    }
    assert not asked & OUTSIDE


def test_commands_know_nothing_of_each_other() -> None:
    for file in (PACKAGE / "commands").glob("*.py"):
        assert "acrm.commands" not in file.read_text(encoding="utf-8"), file.name


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_file_can_be_read_in_one_sitting(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 400
    assert file.stem not in ("utils", "helpers", "common", "misc")
