"""Segment map, cards and comparison as a reader sees them."""

import polars as pl
import pytest
from rich.cells import cell_len

from acrm import messages
from acrm.analysis.people.features import Feature
from acrm.analysis.segment.differences import compare
from acrm.analysis.segment.profiles import Profiles, profiles
from acrm.render.blocks import Page
from acrm.render.segment_profiles import comparison, profile_cards, segment_map
from acrm.render.terminal import render

FEATURES = [
    Feature(name="days_since_last", axis="behaviour", kind="number"),
    Feature(name="spend", axis="behaviour", kind="number"),
    Feature(name="city", axis="demo", kind="category"),
]
LABELS = pl.Series([1] * 60 + [2] * 40)


def shop() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "customer_id": [f"{one:03}" for one in range(100)],
            "days_since_last": [float(300 + one % 50 if one < 60 else one % 20) for one in range(100)],
            "spend": [10.0 if one < 60 else 185.0 for one in range(100)],
            "city": ["[red]Ufa[/]" if one < 60 and one % 6 else "Kirov" for one in range(100)],
        }
    )


@pytest.fixture
def found() -> Profiles:
    return profiles(shop(), FEATURES, LABELS, made_of={"days_since_last", "spend"})


ENGLISH = """\
Segments
                                                                          median
  segment                           customers  of customers  of spend      spend
  lapsed small spenders, red Ufa /         60         60.0%      7.5%         10
  active big spenders, Kirov               40         40.0%     92.5%        185

lapsed small spenders, red Ufa /
  size                     60 customers, 60.0%; 7.5% of spend
  days since last order *  320 (half: 307 to 334); others 9.5
  spend *                  10 (half: 10 to 10); others 185
  city: red Ufa /          83.3%; others 0.0%
  rule                     spend <= 100 (it fits 100.0% of the segment; 100.0%
                           of those it fits belong here)
"""


def test_the_page_in_english(found: Profiles) -> None:
    drawn = render(Page([segment_map(found), *profile_cards(found)]), width=80, plain=True, colour=False)
    assert drawn.startswith(ENGLISH)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_lines_fit_and_nothing_is_left_out(
    found: Profiles, width: int, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_language", language)
    drawn = render(Page([segment_map(found, "EUR"), *profile_cards(found)]), width=width, plain=False, colour=True)
    plain = render(Page([segment_map(found, "EUR"), *profile_cards(found)]), width=width, plain=True, colour=False)
    assert max(cell_len(line) for line in plain.splitlines()) <= width
    assert "█" in drawn
    assert ("left out" if language == "en" else "не поместил") not in plain.partition("\n\n")[0]
    assert "EUR" in plain
    assert "?" not in plain


def test_two_groups() -> None:
    table = compare(shop(), FEATURES, LABELS == 1, LABELS == 2, made_of={"spend"})
    drawn = render(Page([comparison(table, "lapsed", "active")]), width=90, plain=True, colour=False)
    lines = drawn.splitlines()
    assert "spend *" in drawn
    assert next(line for line in lines if "spend *" in line).rstrip().endswith("-")
    city = next(line for line in lines if "city: Kirov" in line)
    assert "<0.001" in city
    assert "16.7%" in city
