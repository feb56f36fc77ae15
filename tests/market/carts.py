"""Territories that companies save, lines over them in the cart, and the cart bought."""

from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from homeshield.accounts.models import User
from inventory.allocation.preview import territory_shares
from inventory.buyer import Buyer
from inventory.counting.reading import available_counts
from inventory.facts.criteria import Demand
from inventory.facts.territory import Share
from sales.cart.selectors import draft_contents, draft_summary
from sales.cart.services import draft_line_add
from sales.models import SavedTerritory
from sales.ordering.baskets import DraftBasket
from sales.territories.errors import TerritoryNameTaken
from sales.territories.services import territory_remove, territory_save
from tests.factories import UserFactory
from tests.market.buying import Buying, clients
from tests.market.model import Cell, Line, Spot
from tests.market.shop import CLIENTS, cells, criteria, shares, single_lines, territories


class Carts(Buying):
    def __init__(self) -> None:
        super().__init__()
        self.users: dict[str, User] = {name: UserFactory(client=client) for name, client in self.clients.items()}
        self.saved: dict[UUID, tuple[str, str, tuple[Spot, ...], str]] = {}
        """Whose, under which name, and what."""
        self.carts: dict[str, dict[Line, int]] = {name: {} for name in CLIENTS}
        """Quantities of lines without one."""

    @rule(client=clients, name=st.sampled_from(["North", "NORTH", "South"]), spots=territories, share=shares)
    def save_territory(self, client: str, name: str, spots: tuple[Spot, ...], share: Share) -> None:
        asked = criteria(Line("Gold", "MONTH_6_TO_8", spots, 1, str(share))).territory
        assert asked is not None
        names = {(whose, known.casefold()) for whose, known, _, _ in self.saved.values()}
        try:
            row = territory_save(client_id=self.clients[client].id, name=name, territory=asked, as_of=self.now)
        except TerritoryNameTaken:
            assert (client, name.casefold()) in names
        else:
            assert (client, name.casefold()) not in names
            self.saved[row.id] = (client, name, spots, str(share))

    @precondition(lambda self: self.saved)
    @rule(data=st.data())
    def remove_territory(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(list(self.saved)))
        client, *_ = self.saved.pop(key)
        territory_remove(client_id=self.clients[client].id, territory_id=key, as_of=self.now)

    @precondition(lambda self: self.saved)
    @rule(data=st.data(), cell=cells, quantity=st.integers(1, 3))
    def add_territory(self, data: st.DataObject, cell: Cell, quantity: int) -> None:
        """A saved one, after a look at what its places would give."""
        client, _, spots, share = data.draw(st.sampled_from(list(self.saved.values())))
        line = Line(*cell, spots, quantity, share)
        demand = Demand(criteria=criteria(line), quantity=quantity)
        buyer = Buyer(self.clients[client].id)
        counts = available_counts(criteria=demand.criteria.parts, buyer=buyer, as_of=self.now)
        shown = territory_shares(demand=demand, counts=counts, buyer=buyer, as_of=self.now)
        assert {one.place.levels: one.available for one in shown} == {
            spot: len(self.market.available(line._replace(places=(spot,)), client, self.now)) for spot in spots
        }
        assert all((one.quantity or 0) <= one.available for one in shown)
        assert sum(one.quantity or 0 for one in shown) == min(quantity, sum(one.available for one in shown))
        self.add(client, line)

    @rule(client=clients, line=single_lines)
    def add(self, client: str, line: Line) -> None:
        draft_line_add(user=self.users[client], criteria=criteria(line), quantity=line.quantity)
        cart, asked = self.carts[client], line._replace(quantity=0)
        cart[asked] = cart.get(asked, 0) + line.quantity

    @precondition(lambda self: any(self.carts.values()))
    @rule(data=st.data())
    def buy_cart(self, data: st.DataObject) -> None:
        """As its page shows it. What is refused stays in it."""
        client = data.draw(st.sampled_from([name for name, cart in self.carts.items() if cart]))
        asked = {criteria(line): line._replace(quantity=quantity) for line, quantity in self.carts[client].items()}
        cart = draft_summary(user=self.users[client], as_of=self.now)
        wanted = [asked[line.criteria] for line in cart.lines]
        assert [line.quantity for line in cart.lines] == [line.quantity for line in wanted]
        assert [line.available for line in cart.lines] == [
            len(self.market.available(line, client, self.now)) for line in wanted
        ]
        assert cart.total == self.market.total(wanted, client, self.now)
        if cart.total is None or cart.draft_id is None:
            return
        assert bool(cart.short_lines) == (not self.market.can_fill(wanted, client, self.now))
        basket = DraftBasket(
            user_id=self.users[client].id, draft_id=cart.draft_id, version=cart.version, total=cart.total
        )
        if self.buy_lines(client, basket, wanted):
            self.carts[client] = {}

    @invariant()
    def carts_and_saved_territories_are_what_was_put_there(self) -> None:
        for name, cart in self.carts.items():
            there = {criteria(line): quantity for line, quantity in cart.items()}
            assert draft_contents(self.users[name]).lines == there
        assert {row.id: (row.name, row.value) for row in SavedTerritory.objects.all()} == {
            key: (name, criteria(Line("Gold", "MONTH_6_TO_8", spots, 1, share)).territory)
            for key, (_, name, spots, share) in self.saved.items()
        }
