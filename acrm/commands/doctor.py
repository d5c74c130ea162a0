"""`acrm doctor`: what the data at hand is good for."""

from __future__ import annotations

from acrm.options import FailOn, Json, Reading, Run, Sources


def doctor(run: Run, sources: Sources, *, reading: Reading, json: Json = False, fail_on: FailOn) -> None:
    """Say what the data is good for.

    For every command: whether the sources carry it, which columns are missing, how many customers there are.

    \b
    Examples:
      acrm doctor acrm-store
      acrm doctor exports/ --json
      acrm doctor acrm-store --fail-on "buyers<500"
    """
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from acrm.analysis.readiness import diagnose
    from acrm.ingest.dataset import load
    from acrm.limits import check
    from acrm.load import settled, undisturbed
    from acrm.messages import Message
    from acrm.render.clean import doctor_page
    from acrm.write import to_json

    with (
        undisturbed(sources),
        TemporaryDirectory(prefix="acrm-") as scratch,
        run.console.progress(Message("clean.reading")),
    ):
        dataset = load(sources, reading.ingest(), Path(scratch))
        settled(run, reading, dataset)
        result = diagnose(dataset.tables)
    if json:
        run.console.data(to_json(result, run.command).encode())
    else:
        run.console.show(doctor_page(result, run.commands))
    check(fail_on, result.summary)
