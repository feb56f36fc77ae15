"""The numbers in the header: how many leads the buyer's order holds, and how many notices wait."""

from django import template
from django.template import Context

from homeshield.accounts.models import User
from sales.cart.selectors import draft_quantity
from sales.privacy.notices import unconfirmed_count

register = template.Library()


@register.simple_tag(takes_context=True)
def order_count(context: Context) -> int:
    """The leads in the draft of the user who looks at the page; 0 for whoever buys nothing. A page may know it."""
    if "in_cart" in context:
        return int(context["in_cart"])
    user = context.get("user")
    return draft_quantity(user) if isinstance(user, User) and user.client_id else 0


@register.simple_tag(takes_context=True)
def notice_count(context: Context) -> int:
    """The notices that the user's company has still to confirm."""
    user = context.get("user")
    return unconfirmed_count(user.client_id) if isinstance(user, User) and user.client_id else 0
