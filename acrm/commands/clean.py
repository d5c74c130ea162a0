"""`acrm clean`: exports in, a store of trusted tables out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from acrm.errors import UsageError
from acrm.options import DryRun, FailOn, Json, Out, Reading, Run, Sources
from acrm.schema import TABLES

if TYPE_CHECKING:
    from pathlib import Path


def _list_rules(ctx: typer.Context, *, asked: bool) -> None:
    if not asked:
        return
    from acrm.ingest.rules import RULES
    from acrm.render.clean import rules_page

    ctx.obj.show(rules_page([(rule.id, rule.action, rule.table) for rule in RULES]))
    raise typer.Exit


def _added_to(out: str, reading: Reading) -> Path | None:
    """The store that stands in the folder already, if one does."""
    from pathlib import Path

    from acrm.store import is_store

    here = Path(out).resolve()
    if not is_store(here):
        return None
    if reading.known_at:
        raise UsageError("known_at_in_place", out=out)
    return here


def clean(
    run: Run,
    sources: Sources,
    *,
    reading: Reading,
    out: Out = "acrm-store",
    dry_run: DryRun = False,
    json: Json = False,
    fail_on: FailOn,
    link: Annotated[
        bool, typer.Option("--link", help="Also join records that are probably one customer (needs acrm[link]).")
    ] = False,
    decisions: Annotated[
        str | None,
        typer.Option("--decisions", metavar="FILE", help="A review.csv with your decisions: same or different."),
    ] = None,
    full: Annotated[
        list[str],
        typer.Option("--full", metavar="TABLE", help="These files tell the table whole: what they lack is gone."),
    ],
    max_age: Annotated[
        str | None,
        typer.Option("--max-age", metavar="AGE", help="Mark as stale what nothing confirms: 24m, 365d, 2y."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Start the store anew instead of adding to it.")] = False,
    pseudonymise: Annotated[
        str | None,
        typer.Option("--pseudonymise", metavar="KEYFILE", help="Codes under a key instead of ids, names and contacts."),
    ] = None,
    mask: Annotated[
        bool, typer.Option("--mask", help="A copy to show: names and contacts in part. Only into a new folder.")
    ] = False,
    list_rules: Annotated[  # noqa: ARG001  # done by its callback, so that no source need be named
        bool,
        typer.Option("--list-rules", is_eager=True, callback=_list_rules, help="List the rules about rows, and exit."),
    ] = False,
) -> None:
    """Turn exports into one store of trusted tables.

    A store that is there already is added to: what the files tell again is replaced, the rest stays.

    Encoding, delimiter, header, dates, numbers and the meaning of columns are found out and printed; every guess can be
    overridden. No row is lost: rows in = rows kept + rows rejected, each rejected row with its reason, file and line in
    rejects.parquet.

    \b
    Examples:
      acrm clean exports/
      acrm clean orders.csv clients.xlsx -o store --date-order dmy
      acrm clean orders.csv --map customer_id="Card no" --dry-run
      acrm clean exports/ --fail-on "rejected_share>0.01"
      acrm clean exports/ --fail-on "email.valid<0.9"
      acrm clean crm.csv -o acrm-store --max-age 24m
      acrm clean crm.csv shop.csv --link
      acrm clean acrm-store --decisions acrm-store/review.csv
      acrm clean exports/ -o coded --pseudonymise acrm.key
      acrm clean acrm-store -o masked --mask
    """
    if out == "-":
        raise UsageError("store_to_stdout")
    if unknown := next((table for table in full if table not in TABLES), None):
        raise UsageError("unknown_table", name=unknown, known=", ".join(TABLES))
    from contextlib import ExitStack
    from dataclasses import replace as changed
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from acrm.analysis.clean import cleaned
    from acrm.analysis.scorecard import figures
    from acrm.ingest import account, marks
    from acrm.ingest.assembly import IDENTITIES
    from acrm.ingest.dataset import ORDERS, aside, load, shaped
    from acrm.ingest.people import privacy
    from acrm.ingest.people.identity import one_spelling
    from acrm.ingest.people.masking import masked
    from acrm.ingest.people.review import carried
    from acrm.limits import check
    from acrm.lineage import listed
    from acrm.load import settled, undisturbed
    from acrm.messages import Message
    from acrm.publish import writing
    from acrm.render.clean import clean_page
    from acrm.store import (
        DICTIONARY,
        MANIFEST,
        REVIEW,
        SCORECARD,
        commit,
        dictionary,
        prepare,
        prepare_aside,
        scored,
        unchanged,
        with_earlier,
    )
    from acrm.validity import newest_day
    from acrm.write import csv_parts, manifest, to_json

    if max_age is not None:
        marks.age(max_age)
    key = privacy.key_of(pseudonymise, mask=mask, link=link)
    became = "written"
    with ExitStack() as held:
        scratch = held.enter_context(TemporaryDirectory(prefix="acrm-"))
        folder = Path(scratch) / "store" if dry_run else Path(out)
        # From before the reading on: the store is one of the sources.
        held.enter_context(writing(folder))
        here = Path(out).resolve()
        before = None if replace else _added_to(out, reading)
        if before and all(Path(source).resolve() != here for source in sources):
            sources = [out, *sources]
        privacy.check_target(here / MANIFEST, key, mask=mask, replace=replace)
        with undisturbed(sources):
            with run.console.progress(Message("clean.reading")):
                options = changed(
                    reading.ingest(),
                    link=link,
                    decisions=Path(decisions) if decisions else None,
                    full=tuple(full),
                    key=key,
                )
                dataset = load(sources, options, Path(scratch))
            privacy.check_plain((source.raw for source in dataset.inputs), key)
            settled(run, reading, dataset)
            as_of = newest_day(dataset.tables)
            dataset.tables = marks.marked(dataset.tables, as_of, max_age)
            lineage = account.store_lineage(dataset, run.command, privacy.told(run.options, key), as_of)
            with run.console.progress(Message("clean.writing")):
                shown = masked(dataset) if mask else dataset
                written = prepare(shown, folder, lineage, before, release=True)
                tables = {table.name: table.scan() for table in written if not aside(table.name)}
                # What a mask hides is counted for what it is.
                tables = {name: shaped(name, dataset.tables[name]) for name in tables} if mask else tables
                filled = {table.name: {"": table.rows, **table.filled} for table in written if table.name in tables}
                result = cleaned(
                    account.sources(dataset),
                    account.decisions(dataset),
                    account.fields(dataset),
                    account.rules(dataset),
                    tables,
                    filled,
                    account.notes(shown),
                    as_of=as_of,
                    orders=next((table.scan() for table in written if table.name == ORDERS), None),
                    identities=next(
                        (one_spelling(table.scan()) for table in written if table.name == IDENTITIES), None
                    ),
                    before=scored(here),
                )
                written.append(prepare_aside(SCORECARD, result.tables["scorecard"], folder, lineage))
        texts, outputs = {}, [{"name": f"{table.name}.parquet", "rows": table.rows} for table in written]
        if shown.review is not None:
            pairs = shown.review if replace else carried(shown.review, here / REVIEW)
            texts[REVIEW] = "\ufeff" + b"".join(csv_parts(pairs)).decode()
            outputs.append({"name": REVIEW, "rows": pairs.height})
        elif REVIEW in listed(here / MANIFEST):
            # Somebody may be at work on it.
            outputs.append({"name": REVIEW})
        if unchanged(folder, written, texts):
            became = "same"
        elif not dry_run:
            became = "added" if dataset.ledger else "written"
            details = ("sources", "decisions", "fields", "rules", "tables", "readiness", "changes")
            fields = with_earlier(result.tables["fields"], here) if dataset.ledger else result.tables["fields"]
            whole = changed(result, tables=result.tables | {"fields": fields})
            texts |= {
                MANIFEST: manifest(whole, lineage, outputs, details),
                DICTIONARY: dictionary(written, result.tables["scorecard"], fields) + privacy.noted(key, mask=mask),
            }
            commit(folder, written, texts)
    if json:
        run.console.data(to_json(result, run.command, ("scorecard", "changes")).encode())
    else:
        where = None if dry_run else out
        run.console.show(clean_page(result, where, run.commands, became=became, verbose=run.console.verbose))
    check(fail_on, result.summary | figures(result.tables["scorecard"]))
