"""Which products are goods: order lines without postage, bags, vouchers and other things nobody chooses to buy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acrm.errors import InputError
from acrm.messages import Message, listed, text

if TYPE_CHECKING:
    import polars as pl

UNNAMED = "unnamed"
"""The reason of lines with neither product id nor name."""
_ONE_OF_SHIPPING = r"(?:postage|carriage|shipping|delivery|freight|courier|versand(?:kosten)?|p ?& ?p)"
NAMES = {
    "shipping": (
        rf"^(?:[\w-]+ ){{0,2}}{_ONE_OF_SHIPPING}(?: (?:and|&) (?:packing|handling|packaging))?"
        r"(?: (?:fees?|costs?|charges?))?$"
        r"|^(?:услуг[аи] (?:по )?)?(?:[\w-]+ )?доставк[аи](?:[ ,(:].*)?$|^почтовые (?:услуги|расходы)$|^самовывоз$"
        r"|^(?:подъ[её]м|занос) на этаж.*$"
    ),
    "bag": (
        r"^(?:(?:single use|reusable|plastic|paper|biodegradable) )*carrier bags?(?: .*)?$|^plastic bags?$"
        r"|^(?:carrier )?bag (?:fee|charge|levy)$"
        r"|^пакет(?:[ -](?:майка|маечка|п/?э|полиэтиленовый|бумажный|крафт\w*|фирменный|фасовочный|большой|малый"
        r"|средний))*(?:[ ,№(]+\d.*)?$"
    ),
    "gift_wrap": (
        r"^gift[ -]?(?:wrap|wrapping|packing|packaging)(?: (?:service|fee|charge))?$"
        r"|^подарочная упаковка$|^упаковка (?:в подарок|подарочная|подарка)$|^упаковка$"
    ),
    "voucher": (
        r"\bgift (?:voucher|certificate)s?\b|^(?:e-?)?(?:gift|store) ?(?:card|credit)s?(?: \W?\d.*)?$"
        r"|^(?:электронный )?(?:подарочный )?сертификат(?: .*)?$|^подарочная карта(?: .*)?$|^карта подарочная(?: .*)?$"
    ),
    "sample": r"^(?:free )?samples?$|^(?:бесплатный )?(?:пробник|пробники|образец|образцы)(?: (?:товара|продукции))?$",
    "fee": (
        r"^(?:[\w-]+ ){0,2}(?:bank|amazon|ebay|paypal|service|handling|payment|booking|restocking|commission|card)"
        r" (?:fees?|charges?|commission)$|^(?:[\w-]+ )?(?:fees?|commission)$"
        r"|^комисси[яи](?: .*)?$|^(?:сервисный )?сбор(?: .*)?$|^сборка заказа$|^обработка заказа$|^услуги банка$"
    ),
    "donation": r"^(?:tips?|gratuity|donations?|чаевые|пожертвовани[ея])(?: .*)?$",
    "discount": (
        r"^(?:(?:order|cart|manual|loyalty) )?discounts?(?: [\d.,]+ ?%?)?$|^(?:coupon|promo ?code)s?$"
        r"|^скидк[аи](?: .*)?$|^промокод(?: .*)?$"
    ),
    "adjustment": (
        r"^adjust\w*(?: .*)?$|^(?:manual |stock )?adjustments?$|^(?:rounding|bad debt|write[ -]?off)(?: .*)?$"
        r"|^корректировк[аи](?: .*)?$|^округлени[ея](?: .*)?$"
    ),
    "manual": (
        r"^manual$|^(?:open|misc|miscellaneous|unknown|custom) (?:item|sale|product|amount)$|^miscellaneous$"
        r"|^ручной ввод$|^товар по свободной цене$|^прочее$"
    ),
}
"""By reason, the names of what is no goods; lower case, ё as е or ё, whole names but for vouchers.

A whole name, because «gift wrap» beside a pattern's name, a jumbo bag or a pack of milk («пакет молока») is goods."""
CODES = {
    "shipping": {"post", "dot", "c2", "ship", "shipping", "delivery", "postage", "freight", "carriage", "dostavka"},
    "bag": {"bag", "carrierbag", "paket"},
    "gift_wrap": {"giftwrap", "gift wrap"},
    "voucher": {"giftcard", "gift card", "voucher", "giftvoucher"},
    "sample": {"s", "samp", "sample", "samples"},
    "fee": {"amazonfee", "bank charges", "bankcharges", "fee", "cruk"},
    "donation": {"tip", "tips", "donation"},
    "discount": {"d", "disc", "discount"},
    "adjustment": {"b", "adjust", "adjustment"},
    "manual": {"m", "manual"},
}
"""By reason, the codes of what is no goods; they count where no name says more than the code."""
_LONG = 4
"""A code of one or two letters means something only among codes that are usually this long."""


@dataclass(frozen=True, kw_only=True)
class Goods:
    """Order lines of goods, and what was left out.

    Attributes:
        lines: As given, with `product_id` the item: the product's id, else its name.
        every: The lines with those that were left out.
        left_out: `product_id`, `product_name`, `reason` (a key of `NAMES` or `UNNAMED`), `lines`; by lines, most first.
        products: `product_id`, `product_name` (the one that most lines have) of the items of `lines`, by id.
        kept: Services were recognised but stay in the lines.
        spelled: Ids that are another's but for capitals, by that other.
    """

    lines: pl.LazyFrame
    every: pl.LazyFrame
    left_out: pl.DataFrame
    products: pl.DataFrame
    kept: bool = False
    spelled: Mapping[str, str] = field(default_factory=dict)

    def notes(self) -> tuple[Message, ...]:
        """What the reader should know of it."""
        import polars as pl

        unnamed = self.left_out.filter(pl.col("reason") == UNNAMED)
        services = self.left_out.filter(pl.col("reason") != UNNAMED)
        notes = []
        if services.height:
            names = listed(
                text(
                    "goods.named", name=row["product_name"] or row["product_id"], reason=text(f"goods.{row['reason']}")
                )
                for row in services.iter_rows(named=True)
            )
            id = "goods.kept" if self.kept else "goods.left_out"
            notes.append(Message(id, {"products": services.height, "lines": services["lines"].sum(), "names": names}))
        if unnamed.height:
            notes.append(Message("goods.no_item", {"lines": unnamed["lines"].sum()}))
        twice = self.products.group_by("product_name").len().drop_nulls().filter(pl.col("len") > 1)["product_name"]
        if len(twice):
            notes.append(Message("goods.named_twice", {"n": len(twice), "names": listed(twice.sort(), most=3)}))
        if self.spelled:
            first = min(self.spelled)
            values = {"products": len(self.spelled), "id": first, "main": self.spelled[first]}
            notes.append(Message("goods.spelled", values))
        return tuple(notes)

    def nothing(self) -> InputError:
        """Why nobody bought anything of it."""
        import polars as pl

        if self.products.height:
            return InputError("goods_given_back")
        services = self.left_out.filter(pl.col("reason") != UNNAMED)["product_id"]
        return InputError("goods_services", names=listed(services)) if len(services) else InputError("goods_unnamed")


def goods(lines: pl.LazyFrame, *, keep_services: bool = False) -> Goods:
    """The order lines of goods alone.

    A product is none when the name that most of its lines give it is that of postage, a bag and the like (`NAMES`), or
    when its code is (`CODES`) and no name says more. Lines without any item are left out whatever is asked for.
    Two ids that differ in capitals alone and have the same name are one product, under the id that more lines have.

    Args:
        lines: `product_id` or `product_name` or both; everything else stays as it is.
        keep_services: Recognise and list, but leave in.

    Examples:
        >>> import polars as pl
        >>> names = ["POSTAGE", "JUMBO BAG RED", "Пакет майка", None]
        >>> found = goods(pl.LazyFrame({"product_id": ["POST", "85099B", "17", None], "product_name": names}))
        >>> found.lines.collect()["product_id"].to_list()
        ['85099B']
        >>> found.left_out.select("product_id", "reason").rows()
        [(None, 'unnamed'), ('17', 'bag'), ('POST', 'shipping')]
    """
    import polars as pl

    columns = lines.collect_schema().names()
    named = [pl.col(name).cast(pl.String) for name in ("product_id", "product_name") if name in columns]
    item = pl.coalesce(*named) if named else pl.lit(None, pl.String)
    name = pl.col("product_name") if "product_name" in columns else pl.lit(None, pl.String)
    lines = lines.with_columns(item.alias("product_id"))
    counts = lines.group_by("product_id", name.alias("product_name")).agg(pl.len().cast(pl.Int64).alias("lines"))
    told = counts.collect()
    products = _named(told)
    spelled = _spelled(products)
    if spelled:
        lines = lines.with_columns(pl.col("product_id").replace(spelled))
        products = _named(told.with_columns(pl.col("product_id").replace(spelled)))
    left_out = (
        products.with_columns(reason=services(products))
        .filter(pl.col("reason").is_not_null())
        .sort(-pl.col("lines"), "product_id")
        .select("product_id", "product_name", "reason", "lines")
    )
    gone = left_out.filter(pl.col("reason") == UNNAMED) if keep_services else left_out
    names = gone["product_id"].drop_nulls().to_list()
    kept = lines.filter(pl.col("product_id").is_not_null() & ~pl.col("product_id").is_in(names))
    named_goods = products.filter(pl.col("product_id").is_not_null() & ~pl.col("product_id").is_in(names))
    return Goods(
        lines=kept,
        every=lines,
        left_out=left_out,
        products=named_goods.select("product_id", "product_name").sort("product_id"),
        kept=keep_services,
        spelled=spelled,
    )


def _named(told: pl.DataFrame) -> pl.DataFrame:
    """Products with the name that most lines give them, an empty one only where there is no other; and their lines."""
    import polars as pl

    ordered = told.sort(pl.col("product_name").is_null(), -pl.col("lines"), "product_name")
    return ordered.group_by("product_id", maintain_order=True).agg(
        pl.col("product_name").first(), pl.col("lines").sum()
    )


def _spelled(products: pl.DataFrame) -> dict[str, str]:
    """Ids that are the same as another but for capitals and have its name, with that other: the one of more lines."""
    import polars as pl

    folded = pl.col("product_id").str.to_lowercase().alias("_id"), _plain(pl.col("product_name")).alias("_name")
    alike = products.with_columns(folded).drop_nulls(["_id", "_name"]).sort(-pl.col("lines"), "product_id")
    alike = alike.with_columns(pl.col("product_id").first().over("_id", "_name").alias("_main"))
    return dict(
        alike.filter(pl.col("product_id") != pl.col("_main")).select("product_id", "_main").sort("product_id").rows()
    )


def services(products: pl.DataFrame) -> pl.Series:
    """Why each product is no goods, null for goods.

    Args:
        products: `product_id` (null: unnamed) and `product_name`, one row per product.
    """
    import polars as pl

    code = _plain(pl.col("product_id"))
    name = _plain(pl.col("product_name"))
    usual = products["product_id"].str.len_chars().median()
    shortest = 1 if isinstance(usual, float) and usual >= _LONG else 3
    silent = name.is_null() | (name == code)
    tests = [(pl.col("product_id").is_null(), UNNAMED)]
    for id, pattern in NAMES.items():
        # An item without an id is its name.
        tests.append((pl.coalesce(name, code).str.contains(pattern), id))
    voucher = silent & code.str.contains(r"^gift_\d+_\d+$")
    for id, codes in CODES.items():
        known = silent & code.is_in(sorted(word for word in codes if len(word) >= shortest))
        tests.append((known | voucher if id == "voucher" else known, id))
    reason = pl.coalesce(*(pl.when(test).then(pl.lit(id)) for test, id in tests))
    return products.select(reason.alias("reason")).to_series()


def _plain(text: pl.Expr) -> pl.Expr:
    import polars as pl

    plain = text.str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars(" .*!\"'«»")
    return pl.when(plain != "").then(plain)
