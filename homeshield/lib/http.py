"""The request as our views see it, once the middleware has run."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

if TYPE_CHECKING:
    from homeshield.accounts.models import User


class Request(HttpRequest):
    """A request with htmx's details, and `as_of`: the one instant (UTC) at which all of it is answered."""

    htmx: HtmxDetails
    user: "User"
    as_of: datetime
