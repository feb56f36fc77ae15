"""The numbers in the header: how many leads the buyer's order holds, and how much news waits."""

from django import template
from django.db import connection
from django.template import Context

from homeshield.accounts.models import User
from sales.cart.selectors import draft_quantity
from sales.returns.selectors import unread_of

NEWS = """
    SELECT (SELECT count(*) FROM notices WHERE client_id = %(client)s AND confirmed_at_utc IS NULL)
         + (SELECT count(*) FROM returns
            WHERE client_id = %(client)s AND decided_by_id IS NOT NULL AND read_at_utc IS NULL)
"""
"""One statement: every page asks."""

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
    """The notices that the user's company has still to confirm, and the decisions on its returns that nobody has
    read."""
    user = context.get("user")
    if not isinstance(user, User) or not user.client_id:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(NEWS, {"client": user.client_id})
        waiting: int = cursor.fetchone()[0]
    return waiting


@register.simple_tag(takes_context=True)
def decided_return_count(context: Context) -> int:
    """Of these, the decisions on returns."""
    user = context.get("user")
    return unread_of(user.client_id).count() if isinstance(user, User) and user.client_id else 0
