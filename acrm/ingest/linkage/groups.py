"""Groups of records from scored pairs, without chains: records far apart do not join through those between them."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

JOIN = 0.8
"""Pairs at least this probable join by themselves."""
SUPPORT = 0.2
"""Two groups join when their pairs are this probable on average; a pair that was not scored counts as impossible."""
CONFIRM = 0.5
"""The same where no pair between them joins by itself."""


@dataclass(frozen=True)
class Groups:
    """Who belongs together, and what was cut."""

    groups: pl.DataFrame
    """ref, group (the first ref of the group): every ref that is grouped with another, sorted."""
    cuts: pl.DataFrame
    """one, other, probability: pairs of `JOIN` or more that stay apart, as the rest of their groups is unlike."""


def clusters(pairs: pl.DataFrame) -> Groups:
    """Groups by average linkage, the most probable pairs first.

    Two groups join over a pair that joins by itself, or over one that does not where each side has others to confirm
    it, if all pairs between the two are probable enough on average (`SUPPORT`).

    Args:
        pairs: one, other, probability, as `probable` gives them; the exact joins must be settled before.

    Examples:
        >>> pairs = pl.DataFrame({"one": ["a", "b"], "other": ["b", "c"], "probability": [0.99, 0.7]})
        >>> clusters(pairs).groups.rows()
        [('a', 'a'), ('b', 'a')]
    """
    ordered = pairs.select("one", "other", "probability").sort(
        "probability", "one", "other", descending=[True, False, False]
    )
    group = {ref: ref for column in ("one", "other") for ref in ordered[column]}
    members = {ref: [ref] for ref in group}
    between: dict[str, dict[str, float]] = {ref: {} for ref in group}
    for one, other, probability in ordered.iter_rows():
        between[one][other] = between[other][one] = probability
    for one, other, probability in ordered.iter_rows():
        kept, gone = group[one], group[other]
        if kept == gone:
            continue
        possible = len(members[kept]) * len(members[gone])
        mean = between[kept][gone] / possible
        if mean < (SUPPORT if probability >= JOIN else CONFIRM) or (probability < JOIN and possible == 1):
            continue
        if len(members[kept]) < len(members[gone]):
            kept, gone = gone, kept
        for ref in members.pop(gone):
            group[ref] = kept
            members.setdefault(kept, []).append(ref)
        for third, total in between.pop(gone).items():
            del between[third][gone]
            if third != kept:
                between[kept][third] = between[third][kept] = between[kept].get(third, 0.0) + total
    first = {kept: min(refs) for kept, refs in members.items()}
    rows = sorted((ref, first[kept]) for ref, kept in group.items() if len(members[kept]) > 1)
    apart = [
        (one, other, probability)
        for one, other, probability in ordered.iter_rows()
        if probability >= JOIN and group[one] != group[other]
    ]
    schema = {"one": pl.String, "other": pl.String, "probability": pl.Float64}
    return Groups(
        groups=pl.DataFrame(rows, schema={"ref": pl.String, "group": pl.String}, orient="row"),
        cuts=pl.DataFrame(sorted(apart), schema=schema, orient="row"),
    )
