"""Prices set by somebody who means it, and the pages of the administration as a browser fills them in."""

import re
from datetime import datetime
from decimal import Decimal
from html import unescape
from typing import Any

from django.test import Client as Browser
from django.urls import reverse

from homeshield.accounts.models import User
from leads.age import AgeBucket
from leads.classification import Classification
from pricing.changing.services import price_set
from pricing.errors import PriceNotConfirmed
from pricing.models import PriceRule

LIST = reverse("admin:pricing_pricerule_changelist")
ADD = reverse("admin:pricing_pricerule_add")


def price_set_anyway(
    *,
    classification: Classification,
    age_bucket: AgeBucket,
    amount: Decimal,
    effective_from: datetime,
    as_of: datetime,
    by: User | None = None,
) -> PriceRule:
    """Sets a price, and confirms what is asked about it, as often as the old price is another one by then."""
    confirmed = ""
    while True:
        try:
            return price_set(
                classification=classification,
                age_bucket=age_bucket,
                amount=amount,
                effective_from=effective_from,
                as_of=as_of,
                by=by,
                confirmed=confirmed,
            )
        except PriceNotConfirmed as question:
            confirmed = str(question.change)


def hidden(response: Any) -> dict[str, str]:
    """The hidden inputs of the page's form, but for the token that the test client does without."""
    page = response.content.decode()
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}


def typed(price: str, at: datetime | None = None, **other: str) -> dict[str, str]:
    """What somebody types into the form for Gold, 3 to 5 months."""
    fields = {
        "classification": "Gold",
        "age_bucket": "MONTH_3_TO_5",
        "amount": price,
        "when": "at" if at else "now",
        "effective_from_0": f"{at:%Y-%m-%d}" if at else "",
        "effective_from_1": f"{at:%H:%M:%S}" if at else "",
    }
    return fields | other


def open_form(browser: Browser) -> dict[str, str]:
    return hidden(browser.get(ADD))


def send(browser: Browser, opened: dict[str, str], price: str, at: datetime | None = None, **other: str) -> Any:
    """The form as it was opened, filled in and sent."""
    return browser.post(ADD, opened | typed(price, at, **other), follow=True)


def change(browser: Browser, price: str, at: datetime | None = None, **other: str) -> Any:
    """Opens the form, fills it in, sends it, and confirms what is asked."""
    response = send(browser, open_form(browser), price, at, **other)
    return browser.post(ADD, hidden(response), follow=True) if "questions" in (response.context or {}) else response
