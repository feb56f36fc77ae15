"""Codes that buyers name (contract, "Money")."""

import re
from datetime import datetime
from uuid import UUID

from pricing.discounts.models import CODE, DiscountRule
from pricing.discounts.prices import PriceBook
from pricing.errors import DiscountCodeAhead, DiscountCodeEnded, DiscountCodeRefused

LONGEST_TYPED = 100
"""Characters of what may be sent as a code. Longer text is none."""


def code_of(typed: str) -> str:
    """Returns the code as it is kept: in capitals, without blanks around it."""
    return typed.strip().upper()


def code_check(book: PriceBook, code: str, *, client_id: UUID | None, as_of: datetime) -> None:
    """Raises DiscountCodeRefused for a code without a discount in the client's price book. None given is right."""
    if code and not book.has_code(code):
        code_require(code, client_id=client_id, as_of=as_of)


def code_require(code: str, *, client_id: UUID | None, as_of: datetime) -> DiscountRule:
    """Returns the discount that the code brings the client at `as_of` (UTC).

    Raises DiscountCodeRefused for an unknown one and for another client's, which look alike: nobody learns of it.
    """
    rule = DiscountRule.objects.filter(code=code).first() if re.fullmatch(CODE, code) else None
    if rule is None or rule.client_id not in {None, client_id}:
        raise DiscountCodeRefused
    match rule.status(as_of):
        case "future":
            raise DiscountCodeAhead(named=code, starts=rule.effective_from_utc)
        case "past":
            assert rule.effective_until_utc is not None
            raise DiscountCodeEnded(named=code, ended=rule.effective_until_utc)
    return rule
