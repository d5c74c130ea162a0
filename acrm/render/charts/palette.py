"""The colours of charts: one pair per role, for paper and for a dark screen.

A chart is drawn in the light colours, and the page replaces each by its dark twin where the screen is dark; so a light
colour stands for one role alone. The series differ from each other for colour-blind eyes, too, and stand out from their
ground by 3 : 1, text by 4.5 : 1 (`tests/render/charts/test_palette.py`).
"""

from __future__ import annotations

GROUND = ("#ffffff", "#10151c")
INK = ("#1b2330", "#e8edf3")
MUTED = ("#576274", "#a3afbf")
RULE = ("#e2e7ed", "#2a3440")
AXIS = ("#8b96a5", "#6d7a8a")
GHOST = ("#d9e0e8", "#2f3b49")
"""What is only beside the point: the part of a bar that is missing, a bar of no sign."""

SERIES = (
    ("#1f5fb8", "#4aa8f2"),
    ("#b8500f", "#ee8f4a"),
    ("#2f9e87", "#63e6c8"),
    ("#6a2a75", "#a877ae"),
    ("#a8912d", "#f4d06a"),
)
"""Blue, vermilion, green, purple, gold. A sixth series is `REST`: more would not be told apart."""
REST = ("#6b7686", "#8793a3")

SHADES = (
    ("#eef4fb", "#17222f"),
    ("#d4e4f6", "#1c334c"),
    ("#afccec", "#22486f"),
    ("#82aee1", "#2b6296"),
    ("#3a72bd", "#3f86c8"),
    ("#235fae", "#63a9e8"),
    ("#133f80", "#a3cff8"),
)
"""Of a heat map, from least to most."""
ON_PALE = ("#1b2331", "#e8edf4")
ON_DEEP = ("#fffffe", "#0b1017")
PALE = 4
"""So many of the first shades carry `ON_PALE`, the others `ON_DEEP`."""

ON_BRIGHT = ("#1b2332", "#0b1018")
BRIGHT = (2, 4)
"""The series that carry `ON_BRIGHT`, the others `ON_DEEP`."""

PAIRS = (GROUND, INK, MUTED, RULE, AXIS, GHOST, REST, ON_PALE, ON_DEEP, ON_BRIGHT, *SERIES, *SHADES)


def shade(value: float, least: float, most: float) -> int:
    """The shade of a value between the least and the greatest of its chart; alone among equals it is the middle one.

    >>> shade(0, 0, 1), shade(0.5, 0, 1), shade(1, 0, 1), shade(2, 2, 2)
    (0, 3, 6, 3)
    """
    if most <= least:
        return len(SHADES) // 2
    return min(int((value - least) / (most - least) * len(SHADES)), len(SHADES) - 1)


def series(position: int) -> str:
    """The colour of the series at a position, from 0."""
    return SERIES[position][0] if position < len(SERIES) else REST[0]


def on_series(position: int) -> str:
    """The colour of letters on the series at a position."""
    return (ON_BRIGHT if position in BRIGHT else ON_DEEP)[0]


def dark_css() -> str:
    """What a style sheet says on a dark screen, for everything that was drawn in light colours."""
    return "".join(f'svg [{what}="{light}"]{{{what}:{dark}}}' for light, dark in PAIRS for what in ("fill", "stroke"))
