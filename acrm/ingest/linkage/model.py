"""The Fellegi-Sunter model of splink: trained on the records themselves, kept from what it cannot have learnt."""

from __future__ import annotations

import logging
from copy import deepcopy
from typing import Any

import polars as pl

from acrm.errors import InputError
from acrm.ingest.linkage.blocks import blocks
from acrm.ingest.linkage.fields import Field
from acrm.ingest.linkage.levels import comparison, levels
from acrm.ingest.linkage.training import expected_pairs, sessions_of, trained

_TELLING = ("birth", "document", "email", "phone", "address", "postcode", "company")
NAMESAKES, MAILBOX, RELATIVES = 4, 4, 10
"""Bits taken off pairs whose agreements hang together: names and towns, mailboxes and names, what families share."""
NAMES_ALONE = 0.7
"""What a pair is at most of which names and places are all that both records have: for a person to look at."""
KEPT = 0.001
"""Pairs at least this probable are kept for judging how many true ones there are."""


def scored(frame: pl.DataFrame, fields: list[Field], *, seed: int, threads: int | None) -> pl.DataFrame:
    """Pairs of rows of `frame` with the probability that they are one person.

    Args:
        frame: Folded records, see `fields`; rows are known by their position.
        seed: Of the random pairs.
        threads: For scoring; training uses one, so that its sums come out the same each time. None: all cores.

    Returns:
        `l`, `r` (positions), `probability`, and per field `gamma_<field>`: the level counted from the last (0),
        -1 where a value is missing.

    Raises:
        InputError: splink is not installed.
    """
    try:
        import duckdb
        from splink import DuckDBAPI, Linker
    except ImportError as missing:
        raise InputError("no_splink") from missing
    names = frozenset(field.name for field in fields)
    keys = blocks(frame, fields)
    table = pl.concat([frame.drop("ref"), keys], how="horizontal").with_row_index("unique_id")
    total = frame.height * (frame.height - 1) / 2
    settings: dict[str, Any] = {
        "link_type": "dedupe_only",
        "comparisons": [comparison(field, names) for field in fields],
        "blocking_rules_to_generate_predictions": [f"l.{name} = r.{name}" for name in keys.columns] or ["1=1"],
        "probability_two_random_records_match": min(0.2, 0.1 * frame.height / total),
        "retain_matching_columns": True,
        "retain_intermediate_calculation_columns": False,
        "max_iterations": 30,
    }
    logging.getLogger("splink").setLevel(logging.CRITICAL)
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET threads TO 1")
        api = DuckDBAPI(connection)
        registered = api.register(table.to_arrow(), table_name="records")
        sessions = sessions_of(frame, fields)
        matches = expected_pairs(frame, sessions)
        others = 2 * matches / frame.height
        frequencies = {
            field.name: api.register(_frequencies(frame[field.name], others).to_arrow(), table_name=f"tf_{field.name}")
            for field in fields
        }

        def linker(described: dict[str, Any]) -> Any:
            made = Linker(registered, deepcopy(described), log_level=None)
            for name, lookup in frequencies.items():
                made.table_management.register_term_frequency_lookup(lookup, name)
            return made

        settings = trained(linker, settings, frame, sessions, matches / total, seed)
        if threads is None:
            connection.execute("RESET threads")
        else:
            connection.execute(f"SET threads TO {threads}")
        found = linker(settings).inference.predict(threshold_match_probability=KEPT, warning_mode="never")
        kept = {"unique_id_l": "l", "unique_id_r": "r", "match_weight": "weight"}
        gammas = [f"gamma_{field.name}" for field in fields]
        relation = connection.table(found.physical_name).select(*kept, *gammas)
        pairs = pl.DataFrame(relation.arrow()).rename(kept).cast(dict.fromkeys(gammas, pl.Int8)).sort("l", "r")
    prior = settings["probability_two_random_records_match"]
    judged = _judged(_sober(pairs, fields), prior, total)
    known = pl.any_horizontal(
        pl.lit(value=False), *(pl.col(f"gamma_{field.name}") >= 0 for field in fields if field.kind in _TELLING)
    )
    most = pl.when(known).then(1.0).otherwise(NAMES_ALONE)
    return judged.with_columns(probability=pl.min_horizontal("probability", most)).drop("weight")


def _frequencies(values: pl.Series, others: float) -> pl.DataFrame:
    """How common each value is among people, when every record has so many others of the same person."""
    name = values.name
    counted = values.drop_nulls().value_counts().sort(name)
    share = (pl.col("count").cast(pl.Float64) - others).clip(lower_bound=1.0) / max(
        values.len() - values.null_count(), 1
    )
    return counted.select(name, share.alias(f"tf_{name}"))


def _judged(pairs: pl.DataFrame, prior: float, total: float) -> pl.DataFrame:
    """Probabilities under the share of true pairs that the scores themselves speak for."""
    import math

    bits = pairs["weight"] - math.log2(prior / (1 - prior))
    share = prior
    for _ in range(100):
        chance = _probability(bits, share)
        # Half a pair more or less decides little in a large file and keeps a tiny one sober.
        renewed = min((float(chance.sum()) + total * prior * 0.1) / (total * 1.1), 0.2)
        if abs(renewed - share) < 1e-6 * share:
            break
        share = renewed
    return pairs.with_columns(probability=_probability(bits, share).round(4))


def _probability(bits: pl.Series, share: float) -> pl.Series:
    return 1 / (1 + (1 - share) / share / 2.0 ** bits.clip(-60, 60))


def _sober(pairs: pl.DataFrame, fields: list[Field]) -> pl.DataFrame:
    """Weights without what is counted twice, as agreements that hang together are not independent.

    Relatives share a surname, a phone and an address: another given name, and no birth date or document that agrees.
    Namesakes live in one town, and names go with sex and language: names and places, and nothing else that agrees.
    Mailboxes are made of names: those of namesakes are alike.
    """

    def agrees(*kinds: str, above: int = 0) -> pl.Expr:
        return pl.any_horizontal(
            pl.lit(value=False), *(pl.col(f"gamma_{field.name}") > above for field in fields if field.kind in kinds)
        )

    # The highest level is the same address; so is the next, where a record has several.
    best = max(
        (len(levels(field, frozenset())) - 1 - field.several for field in fields if field.kind == "email"), default=1
    )
    same_mail = agrees("email", above=best - 1)
    born = agrees("birth", above=1)
    other_name = pl.any_horizontal(
        pl.lit(value=False), *(pl.col(f"gamma_{field.name}") == 0 for field in fields if field.kind == "given")
    )
    relatives = other_name & ~born & ~agrees("document")
    mailbox = agrees("email") & ~same_mail & agrees("given") & agrees("family")
    namesakes = ~same_mail & ~agrees(*(kind for kind in _TELLING if kind != "email"))
    off = relatives * RELATIVES + mailbox * MAILBOX + namesakes * NAMESAKES
    return pairs.with_columns(pl.col("weight") - off)
