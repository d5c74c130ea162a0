"""`acrm demo`: a small made-up shop to try acrm on."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from acrm.errors import OutputError
from acrm.messages import text
from acrm.options import Run, Seed


def demo(
    run: Run,
    folder: Annotated[Path, typer.Argument(metavar="DIR", show_default=False, help="A new or empty folder.")],
    seed: Seed = 0,
) -> None:
    """Write exports of a made-up shop to try acrm on.

    Two years of a shop of building goods and kitchens in Ufa, as seven programs export them: sales, deals, web orders,
    calls, advertising, card holders. The same seed writes the same files. A folder that holds anything is refused.

    \b
    Examples:
      acrm demo shop
      acrm demo shop --seed 7
    """
    from acrm.demo import NAMES, files

    _write(folder, files(seed))
    where = shlex.quote(str(folder))
    lines = [text("demo.written", folder=folder, count=len(NAMES))]
    lines += [f"  {name:<43}{text(f'demo.{export}')}" for export, name in NAMES.items()]
    lines += ["", text("demo.next")]
    lines += [f"  acrm {words}" for words in (f"clean {where}", "doctor acrm-store", "rfm acrm-store")]
    run.console.result("\n".join(lines))


def _write(folder: Path, files: dict[str, bytes]) -> None:
    """All files or none: what was written is removed when the rest cannot be."""
    if folder.is_dir() and any(folder.iterdir()):
        raise OutputError("demo_not_empty", path=folder)
    written: list[Path] = []
    new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            written.append(folder / name)
            written[-1].write_bytes(content)
    except BaseException as error:
        for path in written:
            path.unlink(missing_ok=True)
        if new and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
        if isinstance(error, OSError):
            raise OutputError("demo_not_written", path=folder, reason=error.strerror) from error
        raise
