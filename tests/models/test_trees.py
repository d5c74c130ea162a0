from __future__ import annotations

import numpy as np

from acrm.models.trees import Split, Trees


def walked(tree: Split | float, row: np.ndarray) -> float:
    """One row at a time, as one would by hand."""
    while isinstance(tree, Split):
        code = int(row[tree.column])
        low = tree.unknown_low if code == 255 else code <= tree.limit
        tree = tree.low if low else tree.high
    return tree


def grown(random: np.random.Generator, splits: int) -> Split | float:
    if not splits:
        return float(random.normal())
    low = int(random.integers(splits))
    return Split(
        column=int(random.integers(5)),
        limit=int(random.integers(255)) if random.random() < 0.6 else int(random.choice([0, 254])),
        unknown_low=bool(random.integers(2)),
        low=grown(random, low),
        high=grown(random, splits - 1 - low),
    )


def test_trees_of_any_shape_are_walked_down() -> None:
    random = np.random.default_rng(0)
    codes = random.choice([*range(0, 255, 2), 253, 254, *[255] * 60], (40_000, 5)).astype(np.uint8)
    trees = Trees(base=0.25, trees=tuple(grown(random, splits) for splits in (0, 1, 2, 7, 7, 8, 8)))
    found = trees.logits(codes)
    # Rows of the first block, of the last, and at the seam.
    for row in (*range(200), *range(32_700, 32_800), *range(39_900, 40_000)):
        total = 0.25
        for tree in trees.trees:
            total += walked(tree, codes[row])
        assert found[row] == total
    assert trees.logits(codes[:0]).shape == (0,)
    assert sum(1 for _ in trees.splits()) == 33
