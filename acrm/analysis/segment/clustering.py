"""Customers in segments: how many there are, who belongs to which, how near, and whether there are any at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acrm.analysis.people.features import Feature, Kind
from acrm.analysis.segment.encoding import Encoding
from acrm.analysis.segment.verdict import tabulated, worded
from acrm.errors import InputError, UsageError
from acrm.messages import Message, listed

if TYPE_CHECKING:
    import polars as pl

    from acrm.models.choice_of_k import Verdict
    from acrm.models.clusters import Matrix, Method, Partition

FEWEST = 50
"""Customers, below which nothing is said of groups."""
SAMPLE = 5000
"""Customers on whom the criteria are computed, drawn at random from more."""


@dataclass(frozen=True, kw_only=True)
class ClusterParams:
    """What may be chosen of a clustering.

    Attributes:
        k: Segments; None leaves it to the criteria.
        method: kmeans, or gmm for a mixture of Gaussians.
        k_max: The most segments that are tried, from 2 on.
        min_size: Customers that a segment must have to be proposed; None for 2% of all and at least 30, though never
            more than a tenth.
        seed: Of all that is drawn at random.
    """

    k: int | None = None
    method: Method = "kmeans"
    k_max: int = 8
    min_size: int | None = None
    seed: int = 0

    def least(self, customers: int) -> int:
        """The least size of a segment.

        >>> [ClusterParams().least(customers) for customers in (200, 1000, 4338)]
        [20, 30, 87]
        """
        if self.min_size is not None:
            return self.min_size
        return -int(-min(max(0.02 * customers, 30.0), 0.1 * customers) // 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """All that is needed to find the segment of any customer."""

    encoding: Encoding
    partition: Partition

    def place(self, table: pl.DataFrame) -> pl.DataFrame:
        """Find the segment of each customer; what is found of one does not depend on the others.

        Returns:
            One row per customer, by customer_id:

            | column | |
            |---|---|
            | customer_id | |
            | segment_id | from 1 |
            | distance | to the centre of the segment, in the encoded columns |
            | second_id | the next best segment, null where there is but one |
            | second_distance | to its centre |

        Raises:
            InputError: Columns are missing, see `Encoding.matrix`.
        """
        table = _sorted(table)
        return _placed(table, self.encoding.matrix(table), self.partition)

    def to_document(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        arrays = {name: value.tolist() for name, value in vars(self.partition).items() if value is not None}
        return {"encoding": self.encoding.to_document(), "partition": arrays}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Model:
        """What `to_document` told; other keys are of no interest.

        Raises:
            InputError: It is another document, or was altered so that it makes no sense.
        """
        import numpy as np

        from acrm.models.clusters import Partition

        try:
            encoding = Encoding.from_document(document["encoding"])
            arrays = {name: np.array(value, np.float64) for name, value in document["partition"].items()}
            partition = Partition(**arrays)
            width = len(encoding.names)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise InputError("segment_model") from None
        shapes: dict[str, tuple[int, ...]] = {"weights": (partition.groups,)}
        shapes |= dict.fromkeys(("centres", "variances"), (partition.groups, width))
        if any(array.shape != shapes[name] or not np.isfinite(array).all() for name, array in arrays.items()):
            raise InputError("segment_model")
        return cls(encoding=encoding, partition=partition)


@dataclass(frozen=True, kw_only=True, eq=False)
class Clustering:
    """Segments of customers.

    Segments are numbered from 1 by the mean of their (encoded) numbers of the axis value, the highest first; where
    there are none or they are equal by size, the largest first; then by the centre, the highest first. The numbers
    depend on nothing else.
    """

    params: ClusterParams
    k: int
    """How many; 1 where there is no structure and none was asked for."""
    verdict: Verdict
    apart: bool
    """Whether there are gaps between the segments; else they are cuts through one cloud of customers."""
    members: pl.DataFrame
    """As of `Model.place`."""
    centres: pl.DataFrame
    """One row per segment: segment_id, customers, share, and what is typical of each feature: the median of a number,
    the most frequent level of a category (null: unknown), of many values those that at least half have."""
    criteria: pl.DataFrame
    """One row per k tried: k, silhouette, silhouette_shuffled, silhouette_correlated, gap, gap_error, stability, bic
    (null but for gmm), smallest_share, proposed_by (criteria, with commas), refused (small, unstable; null), chosen."""
    model: Model
    notes: tuple[Message, ...]
    """The verdict comes first."""


def cluster(table: pl.DataFrame, features: Sequence[Feature], params: ClusterParams) -> Clustering:
    """Find segments; the order of the rows does not matter.

    Args:
        table: One row per customer: customer_id, and a column per feature.
        features: The columns to be used.
        params: Of them k wins over the criteria; it is then said what they hold of it.

    Raises:
        InputError: There are no customers, or fewer that differ than segments asked for.
        UsageError: k is below 1, or k_max below 2.
    """
    from acrm.models.choice_of_k import criteria, decide
    from acrm.models.clusters import MANY, Partition, place

    if (params.k is not None and params.k < 1) or params.k_max < 2:
        raise UsageError("segment_k", k=params.k_max if params.k is None else params.k)
    if table.is_empty():
        raise InputError("segment_nobody")
    table = _sorted(table)
    encoding = Encoding.learn(table, features)
    matrix = encoding.matrix(table)
    sample = _sampled(matrix, params.seed)
    distinct = _distinct(sample)
    if params.k is not None and params.k > distinct:
        raise InputError("segment_few", k=params.k, distinct=distinct)
    # Each k needs customers that differ, and room for itself.
    highest = min(max(params.k_max, params.k or 2), distinct - 1, len(sample) // 2)
    known, choice, least = None, None, params.least(table.height)
    if table.height >= FEWEST and highest >= 2:
        known = criteria(sample, encoding.blocks, range(2, highest + 1), method=params.method, seed=params.seed)
        choice = decide(known, least / table.height)
    k = params.k or (choice.k if choice else 1)
    if k == 1:
        partition = Partition(centres=matrix.mean(axis=0, dtype="f8")[None, :])
    else:
        begun = known.partitions[k - 2] if known and k in known.ks else None
        partition = _fitted(matrix, k, begun, params, whole=len(sample) == len(matrix))
    partition = _ordered(partition, place(matrix, partition).label, encoding, features)
    members = _placed(table, matrix, partition)
    centres = _typical(table.with_columns(members["segment_id"]), features)
    notes = list(worded(known, choice, k, smallest=min(centres["customers"]), least=least))
    if encoding.left_out:
        notes.append(Message("segment_clusters.left_out", {"columns": listed(encoding.left_out)}))
    if known and len(sample) < len(matrix):
        notes.append(Message("segment_clusters.sampled", {"sample": len(sample), "customers": len(matrix)}))
    if params.method == "kmeans" and k > 1 and len(matrix) > MANY:
        notes.append(Message("segment_clusters.batches"))
    return Clustering(
        params=params,
        k=k,
        verdict=choice.verdict if choice else "no-structure",
        apart=choice is not None and choice.apart,
        members=members,
        centres=centres,
        criteria=tabulated(known, choice, k),
        model=Model(encoding=encoding, partition=partition),
        notes=tuple(notes),
    )


def apply(document: Mapping[str, Any], table: pl.DataFrame) -> pl.DataFrame:
    """Find the segments of customers by a model that `Model.to_document` told, see `Model.place`."""
    return Model.from_document(document).place(table)


def kinds_of(document: Mapping[str, Any] | None) -> dict[str, Kind]:
    """What the columns of an earlier model were, so that they are taken for the same; of no model nothing.

    Raises:
        InputError: It is another document.
    """
    try:
        return {name: kind for name, (_, kind) in document["features"].items()} if document is not None else {}
    except (AttributeError, KeyError, TypeError, ValueError):
        raise InputError("segment_model") from None


def _sorted(table: pl.DataFrame) -> pl.DataFrame:
    """By customer; a table that is sorted is not copied."""
    return table if table["customer_id"].is_sorted() else table.sort("customer_id")


def _placed(table: pl.DataFrame, matrix: Matrix, partition: Partition) -> pl.DataFrame:
    import polars as pl

    from acrm.models.clusters import place

    found = place(matrix, partition)
    return pl.DataFrame(
        {
            "customer_id": table["customer_id"],
            "segment_id": found.label + 1,
            "distance": found.distance,
            "second_id": found.second + 1,
            "second_distance": found.second_distance,
        },
        schema_overrides={"segment_id": pl.Int64, "second_id": pl.Int64},
    ).with_columns(pl.col("second_id").replace(0, None), pl.col("second_distance").fill_nan(None))


def _sampled(matrix: Matrix, seed: int) -> Matrix:
    import numpy as np

    if len(matrix) <= SAMPLE:
        return matrix
    rows = np.random.default_rng([seed, 0]).choice(len(matrix), SAMPLE, replace=False)
    return matrix[np.sort(rows)]


def _distinct(matrix: Matrix) -> int:
    import numpy as np

    return len(np.unique(matrix, axis=0)) if matrix.shape[1] else 1


def _fitted(matrix: Matrix, k: int, begun: Partition | None, params: ClusterParams, *, whole: bool) -> Partition:
    """The segments of all customers, from those of the sample if there are any."""
    from acrm.models.clusters import kmeans, mixture

    if begun and whole:
        return begun
    if params.method == "gmm":
        return mixture(matrix, k, seed=params.seed, around=begun)[0]
    return kmeans(matrix, k, seed=params.seed, around=begun.centres if begun else None)


def _ordered(partition: Partition, label: Any, encoding: Encoding, features: Sequence[Feature]) -> Partition:
    """Segments in the order that `Clustering` states."""
    import numpy as np

    value = {feature.name for feature in features if feature.axis == "value" and feature.kind == "number"}
    columns = [place for place, name in enumerate(encoding.names) if name in value]
    worth = partition.centres[:, columns].sum(axis=1).round(9)
    sizes = np.bincount(label, minlength=partition.groups)
    # The last key is the first that counts.
    return partition.reordered(np.lexsort([*-partition.centres.T[::-1], -sizes, -worth]))


def _typical(table: pl.DataFrame, features: Sequence[Feature]) -> pl.DataFrame:
    import polars as pl

    sizes = table.group_by("segment_id").agg(customers=pl.len().cast(pl.Int64)).sort("segment_id")
    made = sizes.with_columns(share=pl.col("customers") / table.height)
    for feature in features:
        name = pl.col(feature.name)
        if feature.kind == "number":
            found = table.group_by("segment_id").agg(name.median())
        elif feature.kind == "category":
            counts = (
                table.group_by("segment_id", name).agg(n=pl.len()).sort("n", feature.name, descending=[True, False])
            )
            found = counts.group_by("segment_id", maintain_order=True).agg(name.first())
        else:
            each = table.select("segment_id", name.list.unique()).explode(feature.name).drop_nulls()
            counts = each.group_by("segment_id", name).agg(n=pl.len()).sort(feature.name)
            often = counts.join(sizes, on="segment_id").filter(2 * pl.col("n") >= pl.col("customers"))
            found = often.group_by("segment_id", maintain_order=True).agg(name)
        made = made.join(found, on="segment_id", how="left", maintain_order="left")
    return made
