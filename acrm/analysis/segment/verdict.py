"""What the criteria say of the number of segments: one table, and the decision in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from acrm.messages import Message, listed

if TYPE_CHECKING:
    import polars as pl

    from acrm.models.choice_of_k import Choice, Criteria


def tabulated(known: Criteria | None, choice: Choice | None, k: int) -> pl.DataFrame:
    """One row per k tried, see `Clustering.criteria`; none where nothing could be tried."""
    import polars as pl

    schema = {
        "k": pl.Int64,
        "silhouette": pl.Float64,
        "silhouette_shuffled": pl.Float64,
        "silhouette_correlated": pl.Float64,
        "gap": pl.Float64,
        "gap_error": pl.Float64,
        "stability": pl.Float64,
        "bic": pl.Float64,
        "smallest_share": pl.Float64,
        "proposed_by": pl.String,
        "refused": pl.String,
        "chosen": pl.Boolean,
    }
    if known is None or choice is None:
        return pl.DataFrame(schema=schema)
    columns = {
        "k": known.ks,
        "silhouette": known.silhouette,
        "silhouette_shuffled": known.shuffled,
        "silhouette_correlated": known.correlated,
        "gap": known.gap,
        "gap_error": known.gap_error,
        "stability": known.stability,
        "bic": [None] * len(known.ks) if known.bic is None else known.bic,
        "smallest_share": known.smallest,
        "proposed_by": [",".join(name for name, of in choice.proposals.items() if of == one) for one in known.ks],
        "refused": [
            "small" if one in choice.small else "unstable" if one in choice.unstable else None for one in known.ks
        ],
        "chosen": [one == k for one in known.ks],
    }
    return pl.DataFrame(columns, schema=schema)


def worded(known: Criteria | None, choice: Choice | None, k: int, *, smallest: int, least: int) -> Iterator[Message]:
    """The verdict, how it came about, and what is to be said of the segments made.

    Args:
        known: None where there are too few customers or columns to tell groups from chance.
        choice: Likewise.
        k: The segments made, chosen or asked for.
        smallest: Customers of the smallest.
        least: And the size that it should have.
    """
    if known is None or choice is None:
        yield Message("segment_clusters.few")
    elif choice.verdict == "structure":
        yield _decided(known, choice)
        yield Message("segment_clusters.apart" if choice.apart else "segment_clusters.cloud")
    else:
        yield Message("segment_clusters.useless" if known.structure else "segment_clusters.none", {"least": least})
    if choice and choice.small:
        yield Message("segment_clusters.small", {"ks": listed(choice.small), "least": least})
    chosen = choice.k if choice else 1
    if k != chosen:
        yield Message("segment_clusters.asked", {"k": k, "chosen": chosen})
    if known and choice and k in choice.unstable:
        index = float(known.stability[known.ks.index(k)])
        yield Message("segment_clusters.unstable", {"k": k, "stability": index})
    if k > 1 and smallest < least:
        yield Message("segment_clusters.smallest", {"smallest": smallest, "least": least})


def _decided(known: Criteria, choice: Choice) -> Message:
    """Who proposed what, and what was made of it."""
    values: dict[str, object] = {"k": choice.k, "stability": float(known.stability[known.ks.index(choice.k)])}
    for name, k in choice.proposals.items():
        form = "endless" if k is None else "nothing" if k == 1 else "proposal"
        values[name] = Message(f"segment_clusters.{form}", {"k": k or known.ks[-1]})
    agreed = set(choice.proposals.values()) == {choice.k}
    way = "agreed" if agreed else "marked" if choice.marked else "decided"
    return Message(f"segment_clusters.{way}_{'gmm' if 'bic' in choice.proposals else 'kmeans'}", values)
