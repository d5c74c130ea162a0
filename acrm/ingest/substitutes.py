"""Columns that stand for another where nothing better tells it: a household for its customer, an answer for a start."""

from __future__ import annotations

CUSTOMER_KEYS = (
    "customers.customer_id",
    "customers.email",
    "customers.phone",
    "customers.full_name",
    "customers.last_name",
)
LINKED = ("transactions", "deals", "interactions", "contracts", "payments")
"""Tables whose rows belong to a customer: columns about that customer may stand in them."""


def substituted(entity: str, fields: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The source columns of each field, those of a customer or a start that no column tells among them.

    >>> substituted("interactions", {"interactions.first_response_at": ("Answered",)})["interactions.started_at"]
    ('Answered',)
    """
    if entity in LINKED and "customers.household_id" in fields and not fields.keys() & set(CUSTOMER_KEYS):
        # Where nobody else is named, the household is the customer.
        fields["customers.customer_id"] = fields.pop("customers.household_id")
    if "interactions.first_response_at" in fields and "interactions.started_at" not in fields:
        # Some help desks tell when a ticket was answered and not when it came: it is as old as that, at least.
        told = ("interactions.first_response_at", "interactions.ended_at")
        fields["interactions.started_at"] = tuple(header for name in told for header in fields.get(name, ()))
    return fields
