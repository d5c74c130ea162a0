"""acrm: an analytical CRM for the terminal. The analyses, their parameters and results, for use from Python."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acrm.analysis.rfm import RfmParams as RfmParams
    from acrm.analysis.rfm import RfmResult as RfmResult
    from acrm.analysis.rfm import rfm as rfm

__version__ = "0.1.0"

_HOMES = {"rfm": "acrm.analysis.rfm", "RfmParams": "acrm.analysis.rfm", "RfmResult": "acrm.analysis.rfm"}
__all__ = ["RfmParams", "RfmResult", "rfm"]


def __getattr__(name: str) -> object:
    """Import an analysis when it is first asked for, so that `import acrm` costs nothing."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(name)
