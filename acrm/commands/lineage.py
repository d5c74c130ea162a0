"""`acrm lineage`: where a file came from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from acrm.messages import text
from acrm.options import Json, Run

if TYPE_CHECKING:
    from acrm.render.blocks import Page


def lineage(
    run: Run,
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False, help="A Parquet file written by acrm.")],
    *,
    json: Json = False,
) -> None:
    """Show how a file was made.

    Command, options and where each was set, sources with their fingerprints, rows in, out and rejected.

    \b
    Examples:
      acrm lineage acrm-out/rfm.parquet
      acrm lineage acrm-store/transactions.parquet --json
    """
    from acrm.lineage import dumps, read
    from acrm.publish import standing

    found = read(standing(file))
    if json:
        run.console.data(dumps(found).encode() + b"\n")
    else:
        run.console.show(_page(found))


def _page(found: Mapping[str, Any]) -> Page:
    """The lineage as facts; options left at their default are not listed."""
    from acrm.lineage import dumps
    from acrm.render.blocks import Facts, Headline, Page

    rows = found["rows"]
    facts = [
        (text("lineage.rows"), text("lineage.counts", read=rows["in"], kept=rows["out"], rejected=rows["rejected"])),
        (text("lineage.as_of"), found["as_of"] or ""),
        (text("lineage.seed"), "" if found["seed"] is None else str(found["seed"])),
        (text("lineage.schema"), str(found["schema_version"])),
    ]
    sources = [
        (source["name"], text("lineage.table" if source.get("files") else "lineage.source", **source))
        for source in found["inputs"]
    ]
    options = [
        (
            "--" + name.replace("_", "-"),
            text("lineage.option", value=dumps(set_["value"], indent=None), origin=text(f"origin.{set_['origin']}")),
        )
        for name, set_ in found["options"].items()
        if set_["origin"] != "default"
    ]
    return Page(
        [
            Headline(text("lineage.made", command=found["command"], version=found["acrm"])),
            Facts([fact for fact in facts if fact[1]]),
            Facts(sources, title=text("lineage.sources")),
            Facts(options, title=text("lineage.options")),
        ]
    )
