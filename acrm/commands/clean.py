"""`acrm clean`: exports in, a store of trusted tables out."""

from __future__ import annotations

from typing import Annotated

import typer

from acrm.errors import UsageError
from acrm.options import DryRun, FailOn, Json, Out, Reading, Run, Sources


def _list_rules(ctx: typer.Context, *, asked: bool) -> None:
    if not asked:
        return
    from acrm.ingest.rules import RULES
    from acrm.render.clean import rules_page

    ctx.obj.show(rules_page([(rule.id, rule.action, rule.table) for rule in RULES]))
    raise typer.Exit


def clean(
    run: Run,
    sources: Sources,
    *,
    reading: Reading,
    out: Out = "acrm-store",
    dry_run: DryRun = False,
    json: Json = False,
    fail_on: FailOn,
    list_rules: Annotated[  # noqa: ARG001  # done by its callback, so that no source need be named
        bool,
        typer.Option("--list-rules", is_eager=True, callback=_list_rules, help="List the rules about rows, and exit."),
    ] = False,
) -> None:
    """Turn exports into one store of trusted tables.

    Encoding, delimiter, header, dates, numbers and the meaning of columns are found out and printed; every guess can be
    overridden. No row is lost: rows in = rows kept + rows rejected, each rejected row with its reason, file and line in
    rejects.parquet.

    \b
    Examples:
      acrm clean exports/
      acrm clean orders.csv clients.xlsx -o store --date-order dmy
      acrm clean orders.csv --map customer_id="Card no" --dry-run
      acrm clean exports/ --fail-on "rejected_share>0.01"
    """
    if out == "-":
        raise UsageError("store_to_stdout")
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from acrm.analysis.clean import cleaned
    from acrm.ingest import account
    from acrm.limits import check
    from acrm.load import load
    from acrm.messages import Message
    from acrm.render.clean import clean_page
    from acrm.store import DICTIONARY, MANIFEST, commit, dictionary, prepare
    from acrm.write import manifest, to_json

    with TemporaryDirectory(prefix="acrm-") as scratch:
        with run.console.progress(Message("clean.reading")):
            dataset = load(sources, reading.ingest(), Path(scratch))
        lineage = account.lineage(dataset, run.command, run.options)
        folder = Path(scratch) / "store" if dry_run else Path(out)
        with run.console.progress(Message("clean.writing")):
            written = prepare(dataset, folder, lineage)
            tables = {table.name: table.scan() for table in written if table.name not in ("rejects", "links")}
            filled = {table.name: {"": table.rows, **table.filled} for table in written if table.name in tables}
            result = cleaned(
                account.sources(dataset),
                account.decisions(dataset),
                account.fields(dataset),
                account.rules(dataset),
                tables,
                filled,
                account.notes(dataset),
            )
            if not dry_run:
                outputs = [{"name": f"{table.name}.parquet", "rows": table.rows} for table in written]
                details = ("sources", "decisions", "fields", "rules", "tables", "readiness")
                texts = {MANIFEST: manifest(result, lineage, outputs, details), DICTIONARY: dictionary(written)}
                commit(folder, written, texts)
    if json:
        run.console.data(to_json(result, run.command).encode())
    else:
        run.console.show(clean_page(result, None if dry_run else out, run.commands, verbose=run.console.verbose))
    check(fail_on, result.summary)
