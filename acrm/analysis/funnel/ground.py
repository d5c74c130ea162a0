"""The deals as they were on a day: what had begun, what had ended, and what other tables tell of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from acrm.analysis.funnel.params import CUTS, NO_CUTS, FunnelParams
from acrm.errors import InputError
from acrm.messages import Message, listed
from acrm.validity import FAR

if TYPE_CHECKING:
    import polars as pl

CALLED = {"product": "product_id", "customer": "customer_id", "manager": "parent"}
"""Words for cuts and the columns they mean."""
_TIMES = ("created_at", "closed_at", "next_step_at", "expected_close_at")
TRAITS = ("owner", "source", "product_id", "region", "pipeline", "amount")
"""What may tell which deals are won."""
_LATE = 0.1
"""A trait that open deals have less often than ended ones by so much is recorded at the end."""
_TEXTS = ("name", "lost_reason", "owner", "source", "region", "product_id", "customer_id", "currency", "pipeline")


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What is known of the deals at the start of a day.

    `deals`, sorted by `deal_id`: `stage` (null where nobody knows in which one the deal was), `status`, times without
    zone in the business day's, `amount`, `days` from creation to the end or to today, texts, and `cut_<name>` per cut.
    `stages`: `deal_id`, `stage`, `entered_at`, `left_at`, one row per entry.
    """

    deals: pl.DataFrame
    stages: pl.DataFrame
    until: datetime
    """The start of today."""
    cuts: tuple[str, ...]
    told: frozenset[str]
    """Columns that at least one deal has something in."""
    late: tuple[str, ...]
    """Traits recorded at the end of deals: nobody knew them of those that ended after today."""
    counts: Mapping[str, int]
    """`repeated`: rows of deals of which a later row counts; `tests`, `later`: deals left out as trials of the system,
    or as begun after today; `reopened`: ended after it; `as_exported`: open ones in the stage of a later export, and
    `unplaced`: in none, as no history tells where they stood today."""
    notes: tuple[Message, ...] = field(default=())


def ground(deals: pl.LazyFrame, params: FunnelParams, tables: Mapping[str, pl.LazyFrame]) -> Ground:
    """Read the deals as they stood at the start of `as_of`.

    A deal that ended later was open then; its stage, like that of an open deal that went on later, is that of its
    history, and unknown without one.

    Raises:
        InputError: No deal; amounts in several currencies; no column of a cut.
    """
    import polars as pl

    have = deals.collect_schema().names()
    missing = [pl.lit(None, pl.Datetime("us", "UTC")).alias(name) for name in _TIMES if name not in have]
    missing += [pl.lit(None, pl.String).alias(name) for name in _TEXTS if name not in have]
    missing += [pl.lit(None, pl.Decimal(38, 4)).alias(name) for name in ("amount", "probability") if name not in have]
    tested = pl.col("_flags").str.contains("test_row").fill_null(value=False) if "_flags" in have else pl.lit(False)
    every = deals.with_columns(*missing, _test=tested).collect()
    whole = every.unique("deal_id", keep="last", maintain_order=True).sort("deal_id")
    whole = whole.with_columns(local(pl.col(name), params.tz) for name in _TIMES)
    tests = int(whole["_test"].sum())
    rows = whole.filter(~pl.col("_test"))
    if rows.is_empty():
        raise InputError("funnel_no_deals")
    history = _history(tables.get("deal_stages"), rows, params.tz)
    rows, history = _spelled(rows, history)
    now = _now(rows, history, params.as_of)
    begun = rows.filter(pl.col("created_at").is_null() | (pl.col("created_at") < now))
    if begun.is_empty():
        raise InputError("funnel_none_begun", as_of=now.date())
    went_on = history.filter(pl.col("entered_at") >= now)["deal_id"].unique()
    history = history.filter(pl.col("entered_at") < now).with_columns(
        left_at=pl.when(pl.col("left_at") < now).then("left_at")
    )
    after = (pl.col("status") != "open") & (pl.col("closed_at") >= now)
    last = history.group_by("deal_id").agg(pl.col("stage").last().alias("_then"))
    begun = begun.join(last, on="deal_id", how="left", maintain_order="left").with_columns(_again=after)
    reopened = int(begun["_again"].fill_null(value=False).sum())
    again = pl.col("_again").fill_null(value=False)
    late = _recorded_late(rows)
    moved = again | ((pl.col("status") == "open") & pl.col("deal_id").is_in(went_on.implode()))
    begun = begun.with_columns(
        stage=pl.when(moved).then("_then").otherwise("stage"),
        status=pl.when(again).then(pl.lit("open")).otherwise("status"),
        closed_at=pl.when(~again & (pl.col("status") != "open")).then(_ended_at()),
        **{name: pl.when(~again).then(name) for name in ("lost_reason", "probability", *late)},
    )
    end = pl.when(pl.col("status") == "open").then(pl.lit(now)).otherwise("closed_at")
    day = pl.duration(days=1)
    begun = begun.with_columns(days=((end - pl.col("created_at")) / day).cast(pl.Float64))
    _one_currency(begun)
    begun, cuts, notes = _with_cuts(begun, params.by, tables)
    known = frozenset(name for name in begun.columns if begun[name].count())
    return Ground(
        deals=begun.drop("_test", "_again", "_then"),
        stages=history.join(begun.select("deal_id"), on="deal_id", how="semi", maintain_order="left"),
        until=now,
        cuts=cuts,
        told=known,
        late=late,
        counts={
            "repeated": every.height - whole.height,
            "tests": tests,
            "later": rows.height - begun.height,
            "reopened": reopened,
            **_placed(begun, behind=begun.height < rows.height or reopened > 0 or went_on.len() > 0),
        },
        notes=notes,
    )


def _placed(begun: pl.DataFrame, *, behind: bool) -> dict[str, int]:
    """Open deals whose stage of today nobody knows, in the stage of the export and in none; `behind`: it is later."""
    import polars as pl

    still = begun.filter((pl.col("status") == "open") & pl.col("_then").is_null())
    placed = int(still["stage"].count()) if behind else 0
    return {"as_exported": placed, "unplaced": still.height - placed if behind else 0}


def local(moment: pl.Expr, zone: str | None) -> pl.Expr:
    """A moment without its zone, in the business day's."""
    return (moment.dt.convert_time_zone(zone) if zone else moment).dt.replace_time_zone(None)


def _recorded_late(deals: pl.DataFrame) -> tuple[str, ...]:
    """Traits that deals still open lack far more often than ended ones, and amounts that become 0 in lost ones."""
    import polars as pl

    still, ended = deals.filter(status="open"), deals.filter(pl.col("status") != "open")
    worth = ended.filter(status="lost")["amount"].drop_nulls()
    late = []
    for name in TRAITS:
        after = ended[name].count() / max(ended.height, 1)
        before = still[name].count() / still.height if still.height else after
        zero = name == "amount" and worth.len() > 0 and int((worth > 0).sum()) < worth.len() / 2
        if after and (after - before > _LATE or zero):
            late.append(name)
    return tuple(late)


def _ended_at() -> pl.Expr:
    """The end of a deal; one of the day of its creation, told by the day alone, is not before it."""
    import polars as pl

    closed, created = pl.col("closed_at"), pl.col("created_at")
    same_day = closed.dt.date() == created.dt.date()
    return pl.when(same_day).then(pl.max_horizontal(closed, created)).otherwise(closed)


def _history(stages: pl.LazyFrame | None, deals: pl.DataFrame, zone: str | None) -> pl.DataFrame:
    """Entries into stages in order of time, of the deals alone."""
    import polars as pl

    moment = pl.Datetime("us")
    if stages is None:
        schema = {"deal_id": pl.String(), "stage": pl.String(), "entered_at": moment, "left_at": moment}
        return pl.DataFrame(schema=schema)
    left = pl.col("left_at") if "left_at" in stages.collect_schema().names() else pl.lit(None, pl.Datetime("us", "UTC"))
    rows = stages.select("deal_id", "stage", local(pl.col("entered_at"), zone), local(left, zone).alias("left_at"))
    rows = rows.drop_nulls(["deal_id", "stage", "entered_at"]).unique()
    return rows.collect().join(deals.select("deal_id"), on="deal_id", how="semi").sort("deal_id", "entered_at", "stage")


def _spelled(deals: pl.DataFrame, history: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Stages that differ by letter case and blanks alone are one, called as most deals call it."""
    import polars as pl

    fold = pl.col("stage").str.strip_chars().str.replace_all(r"\s+", " ").str.to_lowercase()
    every = pl.concat([deals.select("stage"), history.select("stage")]).drop_nulls()
    counts = every.group_by("stage").len().with_columns(_fold=fold).sort("len", "stage", descending=[True, False])
    usual = counts.unique("_fold", keep="first", maintain_order=True)
    names = dict(
        counts.select("stage", "_fold").join(usual.select("_fold", name="stage"), on="_fold").drop("_fold").rows()
    )
    said = pl.col("stage").replace(names)
    return deals.with_columns(said), history.with_columns(said)


def _now(deals: pl.DataFrame, history: pl.DataFrame, as_of: date | None) -> datetime:
    """The start of the day that counts as today; a day more than a year after all others is a slip, not the last."""
    if as_of is not None:
        return datetime.combine(as_of, time())
    import polars as pl

    ended = deals.filter(pl.col("status") != "open")["closed_at"]
    events = pl.concat([deals["created_at"], ended, history["entered_at"]]).drop_nulls().dt.date().unique().sort()
    days: list[Any] = events.to_list()
    if not days:
        raise InputError("funnel_no_dates")
    while len(days) > 1 and (days[-1] - days[-2]).days > FAR:
        days.pop()
    return datetime.combine(days[-1] + timedelta(days=1), time())


def _one_currency(deals: pl.DataFrame) -> None:
    import polars as pl

    named = deals.filter(pl.col("amount").is_not_null()).drop_nulls("currency").group_by("currency").len()
    if named.height > 1:
        named = named.sort("len", "currency", descending=[True, False])
        counts = [f"{code} {count}" for code, count in named.rows()]
        raise InputError("mixed_currencies", counts=", ".join(counts), currency=named["currency"][0])


def _with_cuts(
    deals: pl.DataFrame, by: tuple[str, ...], tables: Mapping[str, pl.LazyFrame]
) -> tuple[pl.DataFrame, tuple[str, ...], tuple[Message, ...]]:
    """The deals with a text column per cut, of their own, else of their owners' units, else of their customers."""
    import polars as pl

    owners, customers = _traits(tables, "units", "unit"), _traits(tables, "customers", "customer_id")
    own = deals.select(name for name in deals.columns if name != "days" and name[0] != "_")
    homes = [(own, None), (owners, "owner"), (customers, "customer_id")]
    made, notes, cuts = {}, [], []
    for name in by or CUTS:
        meant = CALLED.get(name, name)
        found = None
        for home, key in homes:
            column = next((one for one in (meant, f"x_{meant}") if home is not None and one in home.columns), None)
            if home is None or column is None:
                continue
            values = (
                home[column]
                if key is None
                else deals.select(key).join(
                    home.select(pl.col(home.columns[0]).alias(key), column), on=key, how="left", maintain_order="left"
                )[column]
            )
            if values.count() or found is None:
                found = values
            if values.count():
                if key is not None:
                    notes.append(Message(f"funnel.cut_of_{'owner' if key == 'owner' else 'customer'}", {"cut": name}))
                break
        if found is None or (not by and not found.count()):
            if by:
                known = {one for home, _ in homes if home is not None for one in home.columns}
                names = sorted({one.removeprefix("x_") for one in known - NO_CUTS})
                near = get_close_matches(name, names, 3)
                raise InputError("funnel_no_cut", column=name, known=listed(near or names, most=20))
            continue
        made[f"cut_{name}"] = found.cast(pl.String)
        cuts.append(name)
    return deals.with_columns(**made), tuple(cuts), tuple(notes)


def _traits(tables: Mapping[str, pl.LazyFrame], table: str, key: str) -> pl.DataFrame | None:
    frame = tables.get(table)
    if frame is None:
        return None
    names = [name for name in frame.collect_schema().names() if name[0] != "_"]
    return (
        frame.select(key, *(name for name in names if name != key))
        .unique(key, keep="first", maintain_order=True)
        .collect()
    )
