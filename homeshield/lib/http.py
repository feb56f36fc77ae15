from datetime import datetime
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

if TYPE_CHECKING:
    from homeshield.accounts.models import User


class Request(HttpRequest):
    """The request after the middleware. All of it is answered at one instant, `as_of` (UTC)."""

    htmx: HtmxDetails
    user: "User"
    as_of: datetime
