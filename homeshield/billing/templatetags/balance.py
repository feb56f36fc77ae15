"""The balance in the header."""

from django import template
from django.template import Context

from homeshield.accounts.models import User
from homeshield.billing.ledger.selectors import Balance, balance_of

register = template.Library()


@register.simple_tag(takes_context=True)
def company_balance(context: Context) -> Balance | None:
    """Of the company of the user who looks at the page."""
    user = context.get("user")
    return balance_of(user.client_id) if isinstance(user, User) and user.client_id else None
