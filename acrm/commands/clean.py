"""`acrm clean`: exports in, a store of trusted tables out."""

from __future__ import annotations

from typing import Annotated

import typer

from acrm.options import DryRun, FailOn, Json, Out, Reading, Run, Sources


def clean(
    run: Run,
    sources: Sources,
    *,
    reading: Reading,
    out: Out = "acrm-store",
    dry_run: DryRun = False,
    json: Json = False,
    fail_on: FailOn,
    list_rules: Annotated[bool, typer.Option("--list-rules", help="List the rules that reject or flag rows.")] = False,
) -> None:
    """Turn exports of CRMs, shops and tills into one store of trusted tables.

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
    from acrm.render.clean import clean_page, rules_page

    if list_rules:
        from acrm.ingest.rules import RULES

        run.console.show(rules_page([(rule.id, rule.action, rule.table) for rule in RULES]))
        return
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from acrm.analysis.clean import cleaned
    from acrm.ingest import account
    from acrm.ingest.dataset import load
    from acrm.limits import check
    from acrm.messages import Message
    from acrm.store import MANIFEST, commit, dictionary, prepare
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
                commit(folder, written, {MANIFEST: manifest(result, lineage), "dictionary.md": dictionary(written)})
    if json:
        run.console.data(to_json(result, run.command).encode())
    else:
        run.console.show(clean_page(result, None if dry_run else out, verbose=run.console.verbose))
    check(fail_on, result.summary)
