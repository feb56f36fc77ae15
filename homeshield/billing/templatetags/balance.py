"""The balance in the header."""

from django import template
from django.template import Context

from homeshield.accounts.models import User
from homeshield.billing.ledger.models import ClientAccount
from homeshield.billing.ledger.selectors import Balance, balance_of

register = template.Library()


@register.simple_tag(takes_context=True)
def company_balance(context: Context) -> Balance | None:
    """Of the company of the user who looks at the page; None on an error page, which nobody's rows are shown to.

    A page may know it, as `account`.
    """
    if isinstance(account := context.get("account"), Balance):
        return account
    user = context.get("user")
    if not isinstance(user, User) or not user.client_id:
        return None
    try:
        return balance_of(user.client_id)
    except ClientAccount.DoesNotExist:
        return None
