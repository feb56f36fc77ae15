"""The number in the header: how many leads the buyer's order holds."""

from django import template
from django.template import Context

from homeshield.accounts.models import User
from sales.cart.services import draft_quantity

register = template.Library()


@register.simple_tag(takes_context=True)
def order_count(context: Context) -> int:
    """The leads in the draft of the user who looks at the page; 0 for whoever buys nothing."""
    user = context.get("user")
    return draft_quantity(user) if isinstance(user, User) and user.client_id else 0
