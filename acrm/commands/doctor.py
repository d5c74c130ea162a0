"""`acrm doctor`: what the data at hand is good for."""

from __future__ import annotations

from acrm.options import FailOn, Json, Reading, Run, Sources


def doctor(run: Run, sources: Sources, *, reading: Reading, json: Json = False, fail_on: FailOn) -> None:
    """Say how good the data is, and what for.

    Of every table its period and how full, valid and fresh its fields are; what is worst; for every command, whether
    the data carries it, which columns are missing, how many customers there are.

    \b
    Examples:
      acrm doctor acrm-store
      acrm doctor exports/ --json
      acrm doctor acrm-store --fail-on "buyers<500" --fail-on "email.valid<0.9"
    """
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from acrm.analysis.doctor import diagnose
    from acrm.analysis.scorecard import figures
    from acrm.ingest.assembly import IDENTITIES
    from acrm.ingest.dataset import load
    from acrm.ingest.people.identity import one_spelling
    from acrm.limits import check
    from acrm.load import settled, undisturbed
    from acrm.messages import Message
    from acrm.render.clean import ready_grid
    from acrm.render.quality import doctor_page
    from acrm.store import said
    from acrm.write import to_json

    with (
        undisturbed(sources),
        TemporaryDirectory(prefix="acrm-") as scratch,
        run.console.progress(Message("clean.reading")),
    ):
        dataset = load(sources, reading.ingest(), Path(scratch), asked=frozenset())
        settled(run, reading, dataset)
        told = dataset.kept.get(IDENTITIES) if dataset.identities is None else dataset.identities.lazy()
        changes = said(Path(sources[0]), "changes") if len(sources) == 1 else []
        result = diagnose(dataset.tables, None if told is None else one_spelling(told), changes)
    if json:
        run.console.data(to_json(result, run.command, ("scorecard", "problems", "changes")).encode())
    else:
        run.console.show(doctor_page(result, ready_grid(result.tables["readiness"], run.commands)))
    check(fail_on, result.summary | figures(result.tables["scorecard"]))
