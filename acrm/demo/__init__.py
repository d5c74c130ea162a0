"""«Дом у Белой», a made-up shop of building goods and kitchens in Ufa, as the exports of the seven programs it runs on.

Two years of trade, 1 April 2024 to 31 March 2026, are played once (`story`) and written down as each program would
have kept them (`exports`). Nobody in it exists: names are drawn from lists, phones use the code 907, which no operator
holds, and e-mails end in the reserved `.example`. No two customers share a full name, a phone or an e-mail.

Planted, so that an analysis can be checked against it (the figures stand in `story`):

* Rates differ: `RATES` holds the orders per year of equally many households, tradesmen and companies; after every
  order a customer leaves for good with a chance drawn from `LEAVING`.
* Season: `SEASON` multiplies the rates, from 0.5 in January to 1.5 in May.
* Bought together: `TOGETHER`, e.g. 7 of 10 picks of tiles bring tile glue.
* Bought next: `NEXT`, e.g. 6 of 10 kitchens are followed by a hood 14 to 35 days later.
* A lost group: the `LOST` tradesmen whose cards begin with 77 buy about monthly, complain by phone in July and August
  2025, and buy nothing from `LOST_FROM` on.
* Won deals: `SOURCES` gives every source of leads its share of them, and the share of its closed leads that is won.
  A won kitchen is billed at its budget on the day it is closed.
* Prices rise by 6 % of 2024's each January; tradesmen pay 5 % less; the coupon VESNA gives 10 % in the web shop,
  March to May.

The mess is planted too: lost dates and unknown customers in the bookkeeping, returns, test deals, several spellings
of one phone, people with two cards, commas in e-mails, ё written as е.

Only `random.Random.random` draws, the one method whose sequence Python keeps: a seed gives the same bytes on every
platform and version.
"""

from __future__ import annotations

from acrm.demo.exports import NAMES, files

__all__ = ["NAMES", "files"]
