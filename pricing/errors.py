from collections.abc import Sequence
from datetime import datetime
from typing import Any
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


class DiscountCodeRefused(DomainError):
    """A code that was given and gives nothing. Pages say it at the field."""

    code, status, title = "discount_code_unknown", 409, "Check the discount code"
    sentence = "Your company has no such discount code. Check how it is written, or leave it out."


class DiscountCodeEnded(DiscountCodeRefused):
    code = "discount_code_ended"
    sentence = "The discount code {named} ended at {ended:%Y-%m-%d %H:%M:%S} UTC. Leave it out to go on without it."
    named: str
    ended: datetime


class DiscountCodeAhead(DiscountCodeRefused):
    code = "discount_code_ahead"
    sentence = "The discount code {named} starts at {starts:%Y-%m-%d %H:%M:%S} UTC. Leave it out to go on without it."
    named: str
    starts: datetime


class CodeBesideQuote(DiscountCodeRefused):
    """A quote holds its own prices (contract, "Quote")."""

    code = "discount_code_beside_quote"
    sentence = "A quote holds its own prices. Leave the discount code out, or ask for a new quote with it."


class DiscountRefused(DomainError):
    """`field` is the argument of the service to correct."""

    code, status, title = "discount_refused", 422, "Nothing changed"
    sentence = "{reason}"
    field: str
    reason: str


class ChangeNotConfirmed(DomainError):
    """Each discount and each price of a client is looked at once more. Call again with `confirmed=str(change)`."""

    code, status, title = "change_not_confirmed", 409, "Is this what you mean?"
    sentence = "Nothing was changed yet: confirm it first."
    change: Any
    questions: Sequence[str]


class ChangedMeanwhile(DomainError):
    """Someone else changed it after the page was opened."""

    code, status, title = "changed_meanwhile", 409, "It has changed"
    sentence = "{news} Nothing of yours was changed. Look at it again."
    news: str


class HasBegun(DomainError):
    code, status, title = "has_begun", 409, "This is history"
    sentence = "This is or was in force, so it is kept as history. End it instead."
