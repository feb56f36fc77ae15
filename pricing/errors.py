from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from homeshield.lib.errors import DomainError
from inventory.errors import InventoryNotFound
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.changing.change import PriceChange


class NoPrice(DomainError):
    """No price is in force (contract, "Price")."""

    code, status, title = "no_price", 409, "Not for sale at present"
    sentence = (
        "{classification.label} leads of {age_bucket.label} ({age_bucket}) have no price, so nothing was sold. "
        "Our staff must set one first."
    )
    classification: Classification
    age_bucket: AgeBucket


class PriceRefused(DomainError):
    """`field` is the argument of `price_set` to correct."""

    code, status, title = "price_refused", 422, "Price not changed"
    sentence = "{reason}"
    field: str
    reason: str


class AmountRefused(PriceRefused):
    field: str = "amount"


class InstantRefused(PriceRefused):
    field: str = "effective_from"


class PriceNotConfirmed(DomainError):
    """The change is unusual. Call again with `confirmed=change`."""

    code, status, title = "price_not_confirmed", 409, "Is this what you mean?"
    sentence = "This change is unusual. Nothing was changed yet: confirm it first."
    change: PriceChange
    questions: Sequence[str]


class PriceChangedMeanwhile(DomainError):
    """Someone else changed this price after the page was opened."""

    code, status, title = "price_changed_meanwhile", 409, "Prices have changed"
    sentence = "{news} Nothing of yours was changed."
    news: str


class PriceRuleHasBegun(DomainError):
    code, status, title = "price_rule_has_begun", 409, "This price is history"
    sentence = (
        "This price is or was in force, so it is kept as history. To change what leads cost from now on, set "
        "another price for the same class and bucket."
    )


class PriceRuleIsGone(DomainError):
    code, status, title = "price_rule_is_gone", 404, "Price withdrawn"
    sentence = "This price has been withdrawn already."


class StartingPricesRefused(DomainError):
    code, status = "starting_prices_refused", 422
    sentence = "{reason}"
    reason: str


class NotForSale(InventoryNotFound):
    sentence = "Not for sale, so not quoted: {inventory_ids}."


class OwnedAlready(NotForSale):
    sentence = "Not for sale, so not quoted: {inventory_ids}. You own these already: {owned}."
    owned: Sequence[UUID]


class ListedByYou(NotForSale):
    sentence = "Not for sale, so not quoted: {inventory_ids}. These are on your suppression lists: {listed}."
    listed: Sequence[UUID]


class QuoteNotFound(DomainError):
    code, status, title = "quote_not_found", 404, "Quote not found"
    sentence = "There is no such quote. Nothing was bought."


class QuoteExpired(DomainError):
    code, status, title = "quote_expired", 409, "Quote expired"
    sentence = "This quote expired at {expires_at:%Y-%m-%d %H:%M:%S} UTC. Nothing was bought. Ask for a new quote."
    expires_at: datetime


class NotInQuote(DomainError):
    code, status, title = "not_in_quote", 422, "Not in this quote"
    sentence = "This quote has no price for these: {inventory_ids}. Nothing was bought."
    in_detail = ("inventory_ids",)
    inventory_ids: Sequence[UUID]
