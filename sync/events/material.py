"""Material: received, consumed by an order or in place of another, returned to stock, moved."""

from decimal import Decimal

from sync.events.base import Amount, Code, Event, Flag, event_type, wire


@event_type("material.received", version=1, label="Receive material")
class MaterialReceived(Event):
    """Material enters the stock at a unit cost in the site's currency; `opening`: a stock that was there before."""

    item: str = wire(Code(required=True), label="Item", input="scan")
    quantity: Decimal = wire(Amount(required=True), label="Quantity", input="number")
    unit: str = wire(Code(required=True), label="Unit", input="unit")
    unit_cost: Decimal = wire(Amount(zero=True, required=True), label="Cost of one unit", input="number")
    opening: bool | None = wire(Flag(), label="Opening stock", input="check")
    lot: str | None = wire(Code(), label="Lot", input="scan")


@event_type("material.consumed", version=1, label="Consume material")
class MaterialConsumed(Event):
    """Material drawn from stock by an order."""

    order: str = wire(Code(required=True), label="Order", input="scan")
    operation: str | None = wire(Code(), label="Operation", input="scan")
    item: str = wire(Code(required=True), label="Item", input="scan")
    quantity: Decimal = wire(Amount(required=True), label="Quantity", input="number")
    unit: str = wire(Code(required=True), label="Unit", input="unit")
    lot: str | None = wire(Code(), label="Lot", input="scan")


@event_type("material.returned", version=1, label="Return material")
class MaterialReturned(Event):
    """Unused material goes back from an order to the stock."""

    order: str = wire(Code(required=True), label="Order", input="scan")
    operation: str | None = wire(Code(), label="Operation", input="scan")
    item: str = wire(Code(required=True), label="Item", input="scan")
    quantity: Decimal = wire(Amount(required=True), label="Quantity", input="number")
    unit: str = wire(Code(required=True), label="Unit", input="unit")
    lot: str | None = wire(Code(), label="Lot", input="scan")


@event_type("material.substituted", version=1, label="Use another material")
class MaterialSubstituted(MaterialConsumed):
    """Material drawn from stock in place of the one the order asks for, which is `replaces`. Costs what was drawn."""

    replaces: str = wire(Code(required=True), label="In place of", input="scan")


@event_type("material.moved", version=1, label="Move material")
class MaterialMoved(Event):
    """Material brought from one place to another. Carries no cost."""

    item: str = wire(Code(required=True), label="Item", input="scan")
    quantity: Decimal = wire(Amount(required=True), label="Quantity", input="number")
    unit: str = wire(Code(required=True), label="Unit", input="unit")
    lot: str | None = wire(Code(), label="Lot", input="scan")
    from_location: str | None = wire(Code(), label="From place", input="scan")
    to_location: str = wire(Code(required=True), label="To place", input="scan")
    order: str | None = wire(Code(), label="Order", input="scan")
