"""acrm: an analytical CRM for the terminal. The analyses, their parameters and results, for use from Python."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acrm.analysis.basket.basket import basket as basket
    from acrm.analysis.basket.params import BasketParams as BasketParams
    from acrm.analysis.basket.params import BasketResult as BasketResult
    from acrm.analysis.channels.channels import channels as channels
    from acrm.analysis.channels.params import ChannelsParams as ChannelsParams
    from acrm.analysis.channels.params import ChannelsResult as ChannelsResult
    from acrm.analysis.churn.churn import ChurnParams as ChurnParams
    from acrm.analysis.churn.churn import ChurnResult as ChurnResult
    from acrm.analysis.churn.churn import churn as churn
    from acrm.analysis.churn.contractual import contractual as contractual
    from acrm.analysis.churn.of_label import of_label as of_label
    from acrm.analysis.churn.prepared import Prepared as Prepared
    from acrm.analysis.churn.transactional import transactional as transactional
    from acrm.analysis.clv.params import ClvParams as ClvParams
    from acrm.analysis.clv.value import ClvResult as ClvResult
    from acrm.analysis.clv.value import clv as clv
    from acrm.analysis.drivers.drivers import DriverParams as DriverParams
    from acrm.analysis.drivers.drivers import DriversResult as DriversResult
    from acrm.analysis.drivers.drivers import drivers as drivers
    from acrm.analysis.funnel.funnel import funnel as funnel
    from acrm.analysis.funnel.params import FunnelParams as FunnelParams
    from acrm.analysis.funnel.params import FunnelResult as FunnelResult
    from acrm.analysis.offers.offers import OffersParams as OffersParams
    from acrm.analysis.offers.offers import OffersResult as OffersResult
    from acrm.analysis.offers.offers import offers as offers
    from acrm.analysis.people.people import People as People
    from acrm.analysis.people.people import people as people
    from acrm.analysis.products.params import ProductsParams as ProductsParams
    from acrm.analysis.products.params import ProductsResult as ProductsResult
    from acrm.analysis.products.products import products as products
    from acrm.analysis.reconcile import ReconcileParams as ReconcileParams
    from acrm.analysis.reconcile import ReconcileResult as ReconcileResult
    from acrm.analysis.reconcile import reconcile as reconcile
    from acrm.analysis.report.params import Gathered as Gathered
    from acrm.analysis.report.params import ReportParams as ReportParams
    from acrm.analysis.report.params import ReportResult as ReportResult
    from acrm.analysis.report.report import report as report
    from acrm.analysis.rfm import RfmParams as RfmParams
    from acrm.analysis.rfm import RfmResult as RfmResult
    from acrm.analysis.rfm import rfm as rfm
    from acrm.analysis.segment.segment import SegmentParams as SegmentParams
    from acrm.analysis.segment.segment import SegmentResult as SegmentResult
    from acrm.analysis.segment.segment import segment as segment
    from acrm.analysis.sequence.params import SequenceParams as SequenceParams
    from acrm.analysis.sequence.params import SequenceResult as SequenceResult
    from acrm.analysis.sequence.patterns import sequence as sequence

__version__ = "0.1.0"

_HOMES = {
    name: f"acrm.analysis.{home}"
    for home, names in {
        "basket.basket": ("basket",),
        "basket.params": ("BasketParams", "BasketResult"),
        "churn.churn": ("ChurnParams", "ChurnResult", "churn"),
        "churn.contractual": ("contractual",),
        "churn.of_label": ("of_label",),
        "churn.prepared": ("Prepared",),
        "churn.transactional": ("transactional",),
        "channels.channels": ("channels",),
        "channels.params": ("ChannelsParams", "ChannelsResult"),
        "clv.params": ("ClvParams",),
        "clv.value": ("ClvResult", "clv"),
        "drivers.drivers": ("DriverParams", "DriversResult", "drivers"),
        "funnel.funnel": ("funnel",),
        "funnel.params": ("FunnelParams", "FunnelResult"),
        "offers.offers": ("OffersParams", "OffersResult", "offers"),
        "people.people": ("People", "people"),
        "products.params": ("ProductsParams", "ProductsResult"),
        "products.products": ("products",),
        "reconcile": ("ReconcileParams", "ReconcileResult", "reconcile"),
        "report.params": ("Gathered", "ReportParams", "ReportResult"),
        "report.report": ("report",),
        "rfm": ("RfmParams", "RfmResult", "rfm"),
        "segment.segment": ("SegmentParams", "SegmentResult", "segment"),
        "sequence.params": ("SequenceParams", "SequenceResult"),
        "sequence.patterns": ("sequence",),
    }.items()
    for name in names
}
__all__ = [
    "BasketParams",
    "BasketResult",
    "ChannelsParams",
    "ChannelsResult",
    "ChurnParams",
    "ChurnResult",
    "ClvParams",
    "ClvResult",
    "DriverParams",
    "DriversResult",
    "FunnelParams",
    "FunnelResult",
    "OffersParams",
    "OffersResult",
    "People",
    "Prepared",
    "ProductsParams",
    "ProductsResult",
    "ReconcileParams",
    "ReconcileResult",
    "RfmParams",
    "RfmResult",
    "SegmentParams",
    "SegmentResult",
    "SequenceParams",
    "SequenceResult",
    "basket",
    "channels",
    "churn",
    "clv",
    "contractual",
    "drivers",
    "funnel",
    "of_label",
    "offers",
    "people",
    "products",
    "reconcile",
    "rfm",
    "segment",
    "sequence",
    "transactional",
]


def __getattr__(name: str) -> object:
    """Import an analysis when it is first asked for, so that `import acrm` costs nothing."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(name)
