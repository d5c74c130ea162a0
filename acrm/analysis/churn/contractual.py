"""The setting of contracts: who is under one on a day and under none after it has left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from acrm.analysis.churn.agreements import FEATURES, Agreements, contract_features, read_agreements
from acrm.analysis.churn.case import Case
from acrm.analysis.churn.contract_windows import contract_windows
from acrm.analysis.churn.prepared import Prepared, Trial
from acrm.analysis.churn.snapshots import described, learning, origins
from acrm.analysis.clv.spells import read_contracts
from acrm.errors import InputError
from acrm.messages import Message

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.churn.model_file import SavedChurn
    from acrm.analysis.churn.records import Past
    from acrm.analysis.people.features import Feature, Kind

TRIALS = 3
"""Earlier cutoffs on which the model is tried, at most."""
SIDES = 20
"""Leavers and stayers without whom an earlier cutoff is no trial."""
ENOUGH = 50
"""Contracts that have ended, from which on they tell who left, and not the purchases."""
RULES = {
    "tenure": ("days_under_contract", -1.0),
    "days_to_renewal": ("days_to_renewal", -1.0),
    "price": ("price", 1.0),
    "price_change": ("price_change", 1.0),
    "complaints": ("complaints_30d", 1.0),
}
"""What anybody could say without a model: the newer, the sooner to be renewed, the dearer, the angrier, the riskier."""


@dataclass(frozen=True, kw_only=True)
class Contracts:
    """All that is known, by the day on which it became known, and what became of the contracts.

    `notes`: what was left out of contracts and order lines.
    """

    past: Past
    agreements: Agreements
    notes: tuple[Message, ...]

    @classmethod
    def read(
        cls,
        contracts: pl.LazyFrame,
        lines: pl.LazyFrame | None,
        tables: Mapping[str, pl.LazyFrame],
        as_of: date | None = None,
    ) -> Contracts:
        """Everything until today, see `contractual`."""
        import polars as pl

        from acrm.analysis.churn.records import Past, beside_purchases, read_records

        agreements = read_agreements(contracts, as_of or _before_notices(contracts, lines, tables))
        today, notes = agreements.as_of, agreements.notes
        if lines is not None:
            records = read_records(lines, tables, as_of=today)
            past, notes = records.past, (*notes, *records.notes)
        else:
            nothing = pl.DataFrame(schema={"customer_id": pl.String, "day": pl.Date})
            past = Past(cutoff=today, days=nothing, refunds=nothing, **beside_purchases(tables, today))
        return cls(past=replace(past, contracts=agreements.contracts), agreements=agreements, notes=notes)

    def until(
        self, cutoff: date, window: int, kinds: Mapping[str, Kind] | None = None
    ) -> tuple[pl.DataFrame, tuple[Feature, ...]]:
        """Customers under contract at the end of a day, by `customer_id`, told from what was known then; the columns.

        `window` is what purchases count as recent in; `kinds` as of `acrm.analysis.churn.snapshots.snapshot`.
        """
        return _seen(self.past.until(cutoff), window, kinds)

    def case(self, cutoff: date, window: int) -> Case:
        """Customers under contract on a day, and whether each stay was over in the window days after it.

        Raises:
            ValueError: The window, or the grace after it, is not over on the last day observed.
        """
        import polars as pl

        known, end = self.agreements, cutoff + timedelta(days=window)
        certain = end + timedelta(days=known.grace)
        if certain > known.last:
            raise ValueError(f"labels are certain on {certain}, after {known.last}")
        table, features = self.until(cutoff, window)
        begun = known.contracts.filter(
            pl.col("day") <= cutoff, pl.col("left_on").is_null() | (pl.col("left_on") > cutoff)
        )
        stays = begun.select("customer_id", "spell").unique("customer_id", keep="last", maintain_order=True)
        joined = table.select("customer_id").join(stays, on="customer_id", how="left", maintain_order="left")
        ends = joined.join(known.stays.select("spell", "left_on"), on="spell", how="left", maintain_order="left")
        left = ends.select(left=(pl.col("left_on") <= end).fill_null(value=False))["left"]
        return Case(table=table, features=features, outcome=left, cutoff=cutoff, known=frozenset(FEATURES))

    def learning(self, cutoff: date, window: int) -> Case:
        """The cases of a cutoff and of up to three before it, see `acrm.analysis.churn.snapshots.learning`."""
        return learning(lambda day: self.case(day, window), cutoff, window, self.agreements.first)


def contractual(
    contracts: pl.LazyFrame,
    lines: pl.LazyFrame | None,
    tables: Mapping[str, pl.LazyFrame],
    *,
    window: int | None = None,
    as_of: date | None = None,
    saved: SavedChurn | None = None,
) -> Prepared:
    """Contracts as cases to learn from: what was known on a day, and whose stay was over in the window after it.

    Days of learning, of trying and today lie a window and the grace apart, so that no label overlaps what another is
    learned from. Who is under no contract any more, and who has given notice, is told apart and not scored.

    Args:
        contracts: Canonical contracts: `customer_id`, `start_at`, `end_at`, where told `renewal_at`, `plan`, `price`,
            `end_reason`.
        lines: Canonical transactions, if there are any.
        tables: `interactions`, `deals`, `customers`, if there are any.
        window: Days. None: proposed from the contracts' terms.
        as_of: Today. None: as `acrm.analysis.clv.spells.read_contracts` has it, but no later than the day after the
            last contact, order or start, where contacts or orders are as new as the last start.
        saved: A model learned before: customers are made ready for it, and nothing to learn from.

    Returns:
        Among the tables `windows`; `lost` (`customer_id`, `end_at`, `days_since_end`, `may_renew`: within the grace);
        `announced` (`customer_id`, `end_at`, `days_to_end`, `reason`), both by `customer_id`.

    Raises:
        InputError: No contract has begun, or the contracts carry no window; why is said.
    """
    import polars as pl

    known = Contracts.read(contracts, lines, tables, as_of)
    agreements = known.agreements
    span = None if saved else contract_windows(agreements, window)
    chosen = (saved.window if saved else None) or (span.window if span else None)
    if chosen is None:
        raise InputError("churn_contracts_no_window", reasons="; ".join(map(str, span.notes if span else ())))
    today, features = known.until(agreements.as_of, chosen, saved.kinds if saved else None)
    noticed = agreements.stays.filter("notice")
    everyone = today.join(noticed, on="customer_id", how="anti", maintain_order="left")
    ahead = (pl.col("end_at") - agreements.as_of).dt.total_days()
    announced = noticed.join(today, on="customer_id", how="semi").select(
        "customer_id", "end_at", ahead.alias("days_to_end"), "reason"
    )
    ended = agreements.stays.join(today, on="customer_id", how="anti").group_by("customer_id")
    lost = ended.agg(pl.col("end_at").max()).with_columns(days_since_end=-ahead)
    lost = lost.with_columns(may_renew=pl.col("days_since_end") <= agreements.grace).sort("customer_id")
    until = agreements.last - timedelta(days=chosen + agreements.grace)
    case = None if saved else known.learning(until, chosen)
    counts = {
        "lost_customers": lost.height,
        "may_renew_customers": int(lost["may_renew"].sum()),
        "announced_customers": announced.height,
    }
    return Prepared(
        setting="contractual",
        everyone=everyone,
        features=features,
        case=case,
        window=chosen,
        trials=() if saved else _trials(known, chosen),
        standing=None if saved else _standing(known.past, today, lost.filter(pl.col("end_at") >= until)),
        rules=None if case is None else _had(rule_scores(case.table)),
        figures={"as_of": agreements.as_of, "window_days": chosen, "grace_days": agreements.grace, **counts},
        tables={**({"windows": span.table} if span else {}), "lost": lost, "announced": announced.sort("customer_id")},
        notes=(
            Message("churn.setting.contractual"),
            *(span.notes if span else ()),
            *_apart(counts, agreements),
            *known.notes,
        ),
        shown={"windows": span} if span else {},
    )


def ended_contracts(contracts: pl.LazyFrame, as_of: date | None = None) -> int:
    """How many had ended by a day, or by the last start: `ENOUGH` tell who left better than purchases would."""
    import polars as pl

    if "end_at" not in contracts.collect_schema().names():
        return 0
    day = pl.col("start_at").max() if as_of is None else pl.lit(as_of)
    return int(contracts.select((pl.col("end_at") < day).sum()).collect(engine="streaming").item())


def rule_scores(table: pl.DataFrame) -> pl.DataFrame:
    """Naive scores, the higher the more likely to leave; one of whom it is not known comes in the middle.

    Returns:
        One column per rule of `RULES`, in the rows' order; all null where it cannot be had or is the same for all.
    """
    import polars as pl

    scores = [
        (sign * pl.col(column) if column in table.columns else pl.lit(None, pl.Float64)).alias(rule)
        for rule, (column, sign) in RULES.items()
    ]
    filled = [pl.col(name).fill_null(pl.col(name).median()) for name in RULES]
    return table.select(scores).select(filled).select(pl.when(pl.col(name).n_unique() > 1).then(name) for name in RULES)


def _standing(past: Past, here: pl.DataFrame, left: pl.DataFrame) -> Case | None:
    """Columns of customers that are not ours, as they stand today, by whether a customer is here or left lately."""
    import polars as pl

    from acrm.analysis.churn.features import traits

    everyone = pl.concat(
        [here.select("customer_id", left=pl.lit(value=False)), left.select("customer_id", left=pl.lit(value=True))]
    ).sort("customer_id")
    told = traits(past, everyone.select("customer_id"))
    if told is None:
        return None
    features = tuple(feature for feature in told[1] if feature.axis == "extra")
    table = told[0].select("customer_id", *(feature.name for feature in features))
    return Case(table=table, features=features, outcome=everyone["left"])


def _had(scores: pl.DataFrame) -> dict[str, pl.Series]:
    """Rules without those that cannot be had."""
    return {name: scores[name] for name in scores.columns if not scores[name].null_count()}


def _before_notices(
    contracts: pl.LazyFrame, lines: pl.LazyFrame | None, tables: Mapping[str, pl.LazyFrame]
) -> date | None:
    """The day after the last event of any table, if contracts end later: those ends were announced.

    None where contacts and order lines do not reach the last start: they tell nothing of today.
    """
    import polars as pl

    from acrm.engine import collect
    from acrm.summaries.sales import last_day

    begun = contracts.filter(pl.col("customer_id").is_not_null()).select(pl.col("start_at").max())
    days = []
    contacts = tables.get("interactions")
    if contacts is not None:
        days.append(contacts.select(pl.col("started_at").max().dt.date()))
    first, *events = (frame.item() for frame in pl.collect_all([begun, *days], engine="streaming"))
    if lines is not None:
        events.append(collect(last_day(lines)).item())
    last = max((day for day in events if day is not None), default=None)
    if first is None or last is None or last < first:
        return None
    until: date = read_contracts(contracts, None, None).as_of
    after: date = last + timedelta(days=1)
    return after if after < until else None


def _seen(past: Past, window: int, kinds: Mapping[str, Kind] | None) -> tuple[pl.DataFrame, tuple[Feature, ...]]:
    """The features; this function and all it calls have no other source than `past`."""
    from acrm.analysis.churn.features import purchase_features

    if past.contracts is None:
        raise ValueError("no contracts")
    own = contract_features(past.contracts, past.cutoff)
    parts = [own, *([purchase_features(past, window)] if past.days.height else [])]
    return described(past, own.select("customer_id"), parts, kinds)


def _trials(known: Contracts, window: int) -> Iterator[Trial]:
    """Earlier cutoffs with enough customers on either side, the latest first."""
    told = known.agreements
    found = 0
    for one in origins(told.first, told.last - timedelta(days=told.grace), window, told.grace):
        if found == TRIALS:
            return
        train, test = known.learning(one.train, window), known.case(one.test, window)
        if all(min(side.outcome.sum(), (~side.outcome).sum()) >= SIDES for side in (train, test)):
            found += 1
            yield Trial(train=train, test=test, rules=rule_scores(test.table))


def _apart(counts: Mapping[str, int], agreements: Agreements) -> Iterator[Message]:
    """Of whom no probability is told, and why."""
    if counts["lost_customers"]:
        values = {"lost": counts["lost_customers"], "may_renew": counts["may_renew_customers"]}
        yield Message("churn_contractual.lost", values | {"grace": agreements.grace})
    if counts["announced_customers"]:
        yield Message("churn_contractual.announced", {"announced": counts["announced_customers"]})
