"""Discounts, with and without codes, and clients' own prices."""

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import rule

from leads.age import AgeBucket
from leads.classification import Classification
from pricing.errors import DiscountRefused
from tests.market.model import Cell, Offer
from tests.market.shop import CLIENTS, HOT, Shop
from tests.pricing.discounts.offers import client_price_set_anyway, discount_set_anyway

CODES = [f"CODE-{number}" for number in range(4)]


class Offering(Shop):
    @rule(
        tenths=st.integers(1, 900),
        least=st.integers(1, 6),
        client=st.sampled_from([None, CLIENTS[0]]),
        named=st.booleans(),
        days=st.sampled_from([None, 1, 100]),
    )
    def set_discount(self, tenths: int, least: int, client: str | None, named: bool, days: int | None) -> None:
        self.now += timedelta(seconds=1)
        offer = Offer(
            tenths, least, client, f"CODE-{len(self.market.offers)}" if named else None,
            self.now + timedelta(days=days) if days else None,
        )  # fmt: skip
        with suppress(DiscountRefused):  # the same one is there already
            discount_set_anyway(
                name="Of the machine", percentage=Decimal(tenths) / 10, least_leads=least, code=offer.code or "",
                client=self.clients[client] if client else None, effective_until=offer.ends, as_of=self.now, by=None,
            )  # fmt: skip
            self.market.offers.append(offer)

    @rule(client=st.sampled_from(CLIENTS), cell=st.sampled_from(HOT), cents=st.integers(0, 1200))
    def set_own_price(self, client: str, cell: Cell, cents: int) -> None:
        self.now += timedelta(seconds=1)
        client_price_set_anyway(
            client=self.clients[client], classification=Classification(cell[0]), age_bucket=AgeBucket(cell[1]),
            amount=Decimal(cents) / 100, as_of=self.now, by=None,
        )  # fmt: skip
        self.market.own[client, cell] = Decimal(cents) / 100

    def has_code(self, code: str, client: str) -> bool:
        return any(offer.code == code and offer.holds(client, code, 10**6, self.now) for offer in self.market.offers)
