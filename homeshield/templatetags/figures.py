from datetime import UTC, datetime
from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from homeshield.lib import money
from homeshield.lib.instants import instant_text

register = template.Library()


@register.filter
def dollars(amount: Decimal | None) -> str:
    """`$1,234.50`, or nothing."""
    return "" if amount is None else money.dollars(amount)


@register.filter
def signed_dollars(amount: Decimal) -> str:
    """`+$1,234.50`, `−$12.00`"""
    return money.signed_dollars(amount)


register.filter("instant_text", instant_text)


@register.filter
def instant(value: datetime) -> SafeString:
    """`Jun 1, 2026, 12:00 PM UTC`, which static/js/page.js turns into the reader's own time."""
    return format_html(
        '<time datetime="{}" data-instant>{}</time>',
        value.astimezone(UTC).isoformat(timespec="seconds"),
        instant_text(value),
    )
