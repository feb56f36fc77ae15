"""Refusals of pricing."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from homeshield.lib.errors import DomainError
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.change import PriceChange


class NoPrice(DomainError):
    """A (classification, bucket) without a rule in force: never quoted, never sold (contract, "Price")."""

    code = "no_price"
    status = 409

    def __init__(self, classification: Classification, age_bucket: AgeBucket) -> None:
        self.classification = classification
        self.age_bucket = age_bucket
        super().__init__(
            f"There is no price in force for {classification.label} leads of {age_bucket.label} "
            f"({age_bucket}), so nothing was sold. Our staff must set a price first."
        )


class PriceRefused(DomainError):
    """A price change that cannot be made. `field` names the argument of `price_set` to mend: "amount" or
    "effective_from"."""

    code = "price_refused"
    status = 422

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


class PriceNotConfirmed(DomainError):
    """A change that is unusual enough to be asked for once more. Nothing was changed: the same call with
    `confirmed=change` makes it, as long as it is still that change."""

    code = "price_not_confirmed"
    status = 409

    def __init__(self, change: PriceChange, questions: Sequence[str]) -> None:
        self.change = change
        self.questions = list(questions)
        super().__init__(f"{' '.join(questions)} Nothing was changed. Confirm the change to make it.")


class PriceChangedMeanwhile(DomainError):
    """Since the page was opened somebody has set or withdrawn a price of the same class and bucket."""

    code = "price_changed_meanwhile"
    status = 409

    def __init__(self, news: Sequence[str]) -> None:
        self.news = list(news)
        super().__init__(f"{' '.join(news)} Nothing of yours was changed.")


class StartingPricesRefused(DomainError):
    """A file of starting prices that is not as it should be."""

    code = "starting_prices_refused"
    status = 422


class PriceRuleHasBegun(DomainError):
    """A rule that is or was in force is history: another price can follow it, but it is not taken back."""

    code = "price_rule_has_begun"
    status = 409

    def __init__(self) -> None:
        super().__init__(
            "This price is or was in force, so it is kept as history. To change what leads cost from now on, set "
            "another price for the same class and bucket."
        )


class PriceRuleIsGone(DomainError):
    """A rule that somebody else has withdrawn already."""

    code = "price_rule_is_gone"
    status = 404

    def __init__(self) -> None:
        super().__init__("This price has been withdrawn already.")


class QuoteNotFound(DomainError):
    """No quote of this id belongs to the client."""

    code = "quote_not_found"
    status = 404

    def __init__(self) -> None:
        super().__init__("There is no such quote. Nothing was bought.")


class QuoteExpired(DomainError):
    """The quote's time is over: its prices are not held any more (contract, "Quote")."""

    code = "quote_expired"
    status = 409

    def __init__(self, expires_at: datetime) -> None:
        self.expires_at = expires_at
        super().__init__(
            f"This quote expired at {expires_at:%Y-%m-%d %H:%M:%S} UTC. Nothing was bought. Ask for a new quote."
        )


class NotInQuote(DomainError):
    """Records that the quote does not name have no quoted price."""

    code = "not_in_quote"
    status = 422

    def __init__(self, ids: Sequence[UUID]) -> None:
        self.ids = list(ids)
        super().__init__(f"Not part of this quote, so without a quoted price: {', '.join(map(str, ids))}.")

    @property
    def detail(self) -> dict[str, object]:
        return super().detail | {"inventory_ids": [str(key) for key in self.ids]}
