from itertools import combinations

import numpy as np
import pytest

from acrm.render.charts.palette import (
    AXIS,
    BRIGHT,
    GROUND,
    INK,
    MUTED,
    ON_BRIGHT,
    ON_DEEP,
    ON_PALE,
    PAIRS,
    PALE,
    REST,
    SERIES,
    SHADES,
    dark_css,
)

# How eyes without one kind of cone see linear RGB: Machado, Oliveira and Fernandes 2009, severity 1.
SIGHTS = {
    "full": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def linear(colour: str) -> np.ndarray:
    levels = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """By the Web Content Accessibility Guidelines 2."""
    dark, light = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def oklab(light: np.ndarray) -> np.ndarray:
    """Where differences are as great as they look: Ottosson 2020."""
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    axes = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return np.asarray(axes @ np.cbrt(cones @ np.clip(light, 0, 1)))


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_is_read_and_marks_are_seen(theme: int) -> None:
    for text in (INK, MUTED):
        assert contrast(text[theme], GROUND[theme]) >= 4.5
    for mark in (*SERIES, REST):
        assert contrast(mark[theme], GROUND[theme]) >= 3
    assert contrast(AXIS[theme], GROUND[theme]) >= 2.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_figures_are_read_on_their_cells(theme: int) -> None:
    for step, shade in enumerate(SHADES):
        assert contrast((ON_PALE if step < PALE else ON_DEEP)[theme], shade[theme]) >= 4.5, shade[theme]
    for place, colour in enumerate((*SERIES, REST)):
        assert contrast((ON_BRIGHT if place in BRIGHT else ON_DEEP)[theme], colour[theme]) >= 4.5, colour[theme]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("sight", SIGHTS)
def test_series_differ_for_every_eye(sight: str, theme: int) -> None:
    seen = [oklab(SIGHTS[sight] @ linear(colour[theme])) for colour in SERIES]
    assert min(float(np.linalg.norm(one - other)) for one, other in combinations(seen, 2)) > 0.09


def test_shades_go_from_the_ground_to_the_deepest() -> None:
    for theme in (0, 1):
        steps = [contrast(shade[theme], GROUND[theme]) for shade in SHADES]
        assert steps == sorted(steps)


def test_a_light_colour_has_one_dark_twin() -> None:
    assert len({light for light, _ in PAIRS}) == len(PAIRS)
    assert dark_css().count("{") == 2 * len(PAIRS)
