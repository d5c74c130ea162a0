"""What stands for what no column tells."""

from datetime import UTC, datetime
from pathlib import Path

from acrm.ingest.dataset import load
from acrm.ingest.options import IngestOptions

TICKETS = """Ticket ID,Customer Email,Ticket Subject,Ticket Status,Ticket Channel,First Response Time,Time to Resolution
1,ada@example.com,late,Closed,Chat,6/1/2023 12:15,6/1/2023 9:05
2,bob@example.com,broken,Open,Email,,
3,eve@example.com,lost,Pending,Email,5/31/2023 22:00,
"""


def test_a_ticket_that_tells_its_answer_alone_is_as_old_as_that(tmp_path: Path) -> None:
    (tmp_path / "tickets.csv").write_text(TICKETS, encoding="utf-8")
    found = load([str(tmp_path / "tickets.csv")], IngestOptions(), tmp_path)
    rows = found.tables["interactions"].sort("interaction_id").collect()
    # Nobody is lost: who still waits has no time at all.
    assert rows["interaction_id"].to_list() == ["1", "2", "3"]
    assert rows["kind"].unique().to_list() == ["ticket"]
    answered = [datetime(2023, 6, 1, 12, 15, tzinfo=UTC), None, datetime(2023, 5, 31, 22, tzinfo=UTC)]
    assert rows["first_response_at"].to_list() == rows["started_at"].to_list() == answered
    assert rows["ended_at"].to_list()[0] == datetime(2023, 6, 1, 9, 5, tzinfo=UTC)


def test_a_ticket_that_tells_its_start_is_rejected_without_one(tmp_path: Path) -> None:
    head, *rows = TICKETS.splitlines()
    lines = [
        f"{head},Created at",
        *(f"{row},{start}" for row, start in zip(rows, ("6/1/2023", "", "5/30/2023"), strict=True)),
    ]
    (tmp_path / "tickets.csv").write_text("\n".join(lines), encoding="utf-8")
    found = load([str(tmp_path / "tickets.csv")], IngestOptions(), tmp_path)
    assert found.tables["interactions"].collect()["interaction_id"].sort().to_list() == ["1", "3"]
    assert found.rejects["rule"].to_list() == ["missing_date"]
