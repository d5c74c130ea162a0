"""SVG as Vega writes it, made small, named for screen readers, and with tips that need no script."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from acrm.render.layout import harmless

_SPACE = "{http://www.w3.org/2000/svg}"
_DECIMALS = re.compile(r"-?\d*\.?\d+e-?\d+|-?\d*\.\d{2,}")
_GEOMETRY = ("d", "transform", "x", "y", "dx", "dy", "x1", "x2", "y1", "y2", "r", "width", "height", "stroke-width")
_KEPT = {
    *_GEOMETRY,
    "viewBox",
    "fill",
    "fill-opacity",
    "font-size",
    "font-weight",
    "opacity",
    "stroke",
    "stroke-dasharray",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-opacity",
    "text-anchor",
}
_DEFAULTS = {("opacity", "1"), ("stroke-opacity", "1"), ("font-weight", "normal"), ("stroke-dasharray", "1,0")}
MARKS = "marks"
"""The class of groups that hold what was drawn from data; axes have none."""


def accessible(drawn: str, id: str, title: str, description: str) -> str:
    """The same picture with title and description, and every mark that had a description with it as its tip.

    Only geometry, colours and letters are kept, numbers to a tenth of a pixel; the font is the page's.
    """
    root = ET.fromstring(drawn)  # noqa: S314 - written by our own renderer, with no entities
    _trim(root)
    root.set("class", "chart")
    root.set("role", "img")
    root.set("aria-labelledby", f"{id}-t {id}-d")
    for place, (name, words) in enumerate((("title", title), ("desc", description))):
        told = ET.Element(name, {"id": f"{id}-{name[0]}"})
        told.text = harmless(words)
        root.insert(place, told)
    return ET.tostring(root, encoding="unicode")


def _trim(node: ET.Element) -> None:
    told = node.get("aria-label") if node.get("role") == "graphics-symbol" else None
    marks = "role-mark" in node.get("class", "")
    node.tag = node.tag.removeprefix(_SPACE)
    for name, value in [*node.attrib.items()]:
        if name not in _KEPT or (name, value) in _DEFAULTS:
            del node.attrib[name]
        elif name in _GEOMETRY:
            node.set(name, _DECIMALS.sub(_rounded, value))
    for child in [*node]:
        if child.get("display") == "none" or "background" in child.get("class", ""):
            node.remove(child)
            continue
        _trim(child)
        if child.tag == "g" and not len(child):
            node.remove(child)
    if marks:
        node.set("class", MARKS)
    if told and node.tag == "path":
        tip = ET.SubElement(node, "title")
        tip.text = told


def _rounded(found: re.Match[str]) -> str:
    figure = f"{float(found[0]):.1f}".removesuffix(".0")
    return "0" if figure == "-0" else figure
