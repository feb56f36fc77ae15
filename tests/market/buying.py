"""What clients do in the shop: they buy by criteria, by ids and by quotes, and export what they bought."""

import csv
import io
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from exports.services import export_start_order, export_stream
from inventory.buyer import Buyer
from inventory.errors import InventoryNotFound, Shortage
from inventory.facts.criteria import Demand
from pricing.errors import DiscountCodeRefused, ListedByYou, NoPrice, OwnedAlready, QuoteExpired
from pricing.models import Quote
from pricing.quotes import quote_create
from sales.errors import AlreadyOwned, OnYourLists, QuoteUsed
from sales.models import Order
from sales.ordering.baskets import Basket, CriteriaBasket, NamedBasket
from sales.ordering.services import order_place
from tests.market.model import Cell, Line, Record
from tests.market.offering import CODES, Offering
from tests.market.shop import CLIENTS, criteria, lines
from tests.sales.purchases import at

clients = st.sampled_from(CLIENTS)


class Buying(Offering):
    def __init__(self) -> None:
        super().__init__()
        self.quotes: list[tuple[Quote, str, list[UUID], dict[Cell, Decimal]]] = []
        self.orders: list[tuple[Order, str]] = []
        self.used_quotes: set[UUID] = set()

    @rule(
        client=clients,
        wanted=st.lists(lines, min_size=1, max_size=4),
        code=st.one_of(st.none(), st.sampled_from(CODES)),
    )
    def buy(self, client: str, wanted: list[Line], code: str | None) -> None:
        demands = [Demand(criteria=criteria(line), quantity=line.quantity) for line in wanted]
        self.buy_lines(client, CriteriaBasket(demands, code or ""), wanted, code)

    def buy_lines(self, client: str, basket: Basket, wanted: list[Line], code: str | None = None) -> bool:
        """Whether they were sold."""
        total = self.market.total(wanted, client, self.now, code)
        possible = self.market.can_fill(wanted, client, self.now)
        try:
            order = self.place(client, basket)
        except DiscountCodeRefused:
            assert code is not None
            assert not self.has_code(code, client)
        except NoPrice:
            assert total is None
        except Shortage as refusal:
            assert total is not None
            assert not possible
            short = wanted[refusal.index]
            assert refusal.available <= len(self.market.available(short, client, self.now))
        else:
            assert possible
            assert code is None or self.has_code(code, client)
            assert order.total == total
            prices = [self.market.prices[line.classification, line.bucket] * line.quantity for line in wanted]
            assert sum(sale.list_price for sale in order.sales.all()) == sum(prices, Decimal("0.00"))
            self.sold(order, client, self.bought_for(order, wanted))
            return True
        return False

    def bought_for(self, order: Order, wanted: list[Line]) -> list[Record]:
        """The order's records: as many as each line wanted, in its places. A territory has a line for each place."""
        single = iter([number for number, line in enumerate(wanted) if not line.share])
        asked = {
            line.number: next(single) if line.territory_index is None else line.territory_index
            for line in order.lines.order_by("number")
        }
        bought = [(self.ids[sale.inventory_id], asked[sale.line_number]) for sale in order.sales.all()]
        assert Counter(number for _, number in bought) == {number: line.quantity for number, line in enumerate(wanted)}
        assert all(record.fits(wanted[number]) for record, number in bought)
        return [record for record, _ in bought]

    def place(self, client: str, basket: Basket) -> Order:
        return at(
            self.now, order_place,
            client_id=self.clients[client].id, user_id=None, basket=basket, key=str(uuid4()),
        )  # fmt: skip

    @precondition(lambda self: self.ids)
    @rule(client=clients, data=st.data())
    def buy_by_id(self, client: str, data: st.DataObject) -> None:
        ids = data.draw(st.lists(st.sampled_from(sorted(self.ids)), min_size=1, max_size=4, unique=True))
        self._buy_named(client, ids, self.market.prices_of(client, len(ids), self.now), None)

    @precondition(lambda self: self.ids)
    @rule(client=clients, data=st.data())
    def ask_for_a_quote(self, client: str, data: st.DataObject) -> None:
        ids = data.draw(st.lists(st.sampled_from(sorted(self.ids)), min_size=1, max_size=4, unique=True))
        cells = {key: (self.ids[key].kind[0], self.ids[key].kind[1]) for key in ids}
        gone = [key for key in ids if not self.ids[key].sellable_to(client, self.now)]
        owned, listed = self.excluded(gone, client)
        try:
            quoted = quote_create(buyer=Buyer(self.clients[client].id), inventory_ids=ids, as_of=self.now)
        except InventoryNotFound as refusal:
            assert refusal.inventory_ids == gone != []
            assert (refusal.owned if isinstance(refusal, OwnedAlready) else []) == owned
            assert (refusal.listed if isinstance(refusal, ListedByYou) else []) == ([] if owned else listed)
        except NoPrice:
            assert any(cell not in self.market.prices for cell in cells.values())
        else:
            assert not gone
            prices = self.market.prices_of(client, len(ids), self.now)
            assert quoted.quote.subtotal == sum((prices[cells[key]] for key in ids), Decimal("0.00"))
            self.quotes.append((quoted.quote, client, ids, prices))

    @precondition(lambda self: self.quotes)
    @rule(minutes=st.integers(0, 16), data=st.data())
    def buy_quoted(self, minutes: int, data: st.DataObject) -> None:
        quote, client, ids, prices = data.draw(st.sampled_from(self.quotes))
        self.now += timedelta(minutes=minutes)
        self._buy_named(client, ids, prices, quote)

    def _buy_named(self, client: str, ids: list[UUID], prices: dict[Cell, Decimal], quote: Quote | None) -> None:
        named = [self.ids[key] for key in ids]
        possible, gone = self.market.can_replace(named, client, self.now)
        amounts = [prices.get((record.kind[0], record.kind[1])) for record in named]
        owned, listed = self.excluded(ids, client)
        try:
            order = self.place(client, NamedBasket(ids, quote.id if quote else None))
        except AlreadyOwned as refusal:
            assert refusal.inventory_ids == owned != []
        except OnYourLists as refusal:
            assert not owned
            assert refusal.inventory_ids == listed != []
        except QuoteUsed:
            assert quote is not None
            assert quote.id in self.used_quotes
        except QuoteExpired:
            assert quote is not None
            assert quote.id not in self.used_quotes
            assert self.now >= quote.quoted_at_utc + timedelta(minutes=15)
        except NoPrice:
            assert None in amounts
        except Shortage:
            assert not possible
            assert not owned + listed
        else:
            assert possible
            assert not owned + listed
            if quote is not None:
                assert quote.id not in self.used_quotes
                self.used_quotes.add(quote.id)
            assert quote is None or self.now < quote.quoted_at_utc + timedelta(minutes=15)
            assert order.total == sum((amount for amount in amounts if amount), Decimal("0.00"))
            assert sum(line.replaced for line in order.lines.all()) == gone
            bought = [self.ids[key] for key in order.sales.values_list("inventory_id", flat=True)]
            assert sorted(map(str, (record.kind for record in bought))) == sorted(
                map(str, (record.kind for record in named))
            )
            self.sold(order, client, bought)

    def excluded(self, ids: list[UUID], client: str) -> tuple[list[UUID], list[UUID]]:
        """Of these records, those whose person the client owns, and those that are on its lists alone."""
        reasons = {key: why for key in ids if (why := self.ids[key].lead.excluded.get(client))}
        return (
            [key for key, why in reasons.items() if why.owned],
            [key for key, why in reasons.items() if not why.owned],
        )

    def sold(self, order: Order, client: str, records: list[Record]) -> None:
        for record in records:
            assert record.sellable_to(client, self.now)
        assert len({record.lead for record in records}) == order.quantity
        for record in records:
            self.market.sell(record, client)
        self.market.ask_the_oracle()
        self.orders.append((order, client))

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def export(self, data: st.DataObject) -> None:
        order, client = data.draw(st.sampled_from(self.orders))
        export = export_start_order(client_id=self.clients[client].id, user=None, order_id=order.id, as_of=self.now)
        text = b"".join(export_stream(export)).decode()
        exported = list(csv.DictReader(io.StringIO(text, newline="")))
        sales = {str(sale.id): sale for sale in order.sales.all()}
        assert {row["sale_id"] for row in exported} == set(sales)
        for row in exported:
            record = self.ids[sales[row["sale_id"]].inventory_id]
            assert (row["classification"], row["age_bucket_at_purchase"], row["state"], row["county"]) == (
                *record.kind[:3], record.kind[3] or "",
            )  # fmt: skip
            assert {row["borrower_phone"], row["call_in_phone_number"]} - {""} == record.lead.phones
        assert sum(Decimal(row["purchase_price"]) for row in exported) == order.total
