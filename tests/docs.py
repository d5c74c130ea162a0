"""The pages of docs/ that are written from the code: `python -m tests.docs` writes them, `--check` only compares."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

from acrm import cli, errors
from acrm.messages import text, use
from acrm.schema import LINEAGE, TABLES

DOCS = Path(__file__).parents[1] / "docs"
WRITTEN = "<!-- Written by `python -m tests.docs`. -->\n"


def pages() -> dict[str, str]:
    """The content of every page by its name."""
    use("en")
    return {
        "cli.md": f"# Command line\n\n{WRITTEN}\n" + "\n".join(commands()),
        "columns.md": f"# Tables and columns\n\n{WRITTEN}\n" + "\n".join(columns()),
        "exit-codes.md": f"# Exit codes\n\n{WRITTEN}\n" + "\n".join(codes()),
    }


def commands() -> Iterator[str]:
    """The help of acrm, then of every command."""
    for words in ((), *((name,) for name in cli.COMMANDS)):
        out = io.StringIO()
        with redirect_stdout(out), mock.patch.dict(os.environ, COLUMNS="80"):
            assert cli.main([*words, "--help"]) == 0
        yield f"## {' '.join(('acrm', *words))}\n\n```text\n{out.getvalue().rstrip()}\n```\n"


def columns() -> Iterator[str]:
    """Every canonical table with its key, its columns, their types and meaning."""
    named = ", ".join(f"`{name}`" for name in LINEAGE)
    yield f"Every table also has {named}: where a row came from, and since when it is known.\n"
    yield "Columns marked * make the table: a source without them is another table.\n"
    for table in TABLES.values():
        about, key = text(f"table.{table.name}"), ", ".join(f"`{name}`" for name in table.key)
        yield f"## {table.name}\n\n{about[0].upper()}{about[1:]}. Sorted by {key}.\n"
        yield "| column | type | meaning |\n|---|---|---|"
        for column in table.columns:
            name = f"`{column.name}`{' *' if column.makes else ''}"
            yield f"| {name} | {column.kind} | {text(f'column.{table.name}.{column.name}')} |"
        yield ""


def codes() -> Iterator[str]:
    """Every exit code with what it means."""
    meanings = {0: "Done.", cli.INTERRUPTED: "Interrupted with Ctrl-C.", cli.CLOSED_PIPE: "The reader closed the pipe."}
    for kind in errors.AcrmError.__subclasses__():
        meanings[kind.exit_code] = (kind.__doc__ or "").splitlines()[0]
    meanings[cli.BUG] = "A bug in acrm; please report it."
    yield "| code | meaning |\n|--:|---|"
    for code, meaning in sorted(meanings.items()):
        yield f"| {code} | {meaning} |"
    yield "\nAn error is one sentence on standard error, often with a hint that can be typed:\n"
    yield f"```text\nacrm: error: {errors.InputError('no_file', path='orders.csv')}"
    yield f"  hint: {errors.InputError('no_file').hint}\n```\n"


def main() -> int:
    """Write the pages, or with `--check` name those that differ from the code."""
    stale = [name for name, page in pages().items() if not current(name, page)]
    if "--check" in sys.argv:
        sys.stdout.writelines(f"docs/{name} differs from the code: python -m tests.docs\n" for name in stale)
        return len(stale)
    for name in stale:
        (DOCS / name).write_text(pages()[name], encoding="utf-8", newline="\n")
    return 0


def current(name: str, page: str) -> bool:
    """Whether the page on disk is what the code says."""
    return (DOCS / name).exists() and (DOCS / name).read_text(encoding="utf-8") == page


if __name__ == "__main__":
    sys.exit(main())
