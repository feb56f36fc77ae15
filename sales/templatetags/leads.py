"""How a purchased lead is written."""

import re
from datetime import UTC, datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from leads.geography import STATES
from leads.models import Lead

register = template.Library()


def _digits(number: str) -> str:
    """The ten digits of a number; nothing if it has others."""
    digits = re.sub(r"\D", "", number, flags=re.ASCII)
    digits = digits[1:] if len(digits) == 11 and digits.startswith("1") else digits
    return digits if len(digits) == 10 else ""


@register.filter
def phone(number: str | None) -> str:
    """`(318) 100-0042`; a number of another length as it came."""
    digits = _digits(number or "")
    return f"({digits[:3]}) {digits[3:6]}-{digits[6:]}" if digits else number or ""


@register.filter
def tel(number: str) -> str:
    """What a phone dials: `tel:+13181000042`."""
    digits = _digits(number)
    return f"tel:+1{digits}" if digits else "tel:" + re.sub(r"[^\d+]", "", number, flags=re.ASCII)


def _local(lead: Lead) -> datetime:
    """The instant of the inquiry on the clocks of the lead's state."""
    zone = STATES[lead.state].time_zone if lead.state in STATES else UTC
    return lead.created_at_utc.astimezone(zone)


@register.filter
def called_on(lead: Lead) -> SafeString | str:
    """The day of the inquiry where the caller was; nothing once the lead is erased."""
    if lead.erased_at_utc:
        return ""
    local = _local(lead)
    return format_html('<time datetime="{}">{}</time>', local.date().isoformat(), f"{local:%b} {local.day}, {local:%Y}")


@register.filter
def called_at(lead: Lead) -> str:
    """The minute of the inquiry where the caller was: `Mar 31, 2026, 4:00 PM`. Nothing once the lead is erased."""
    if lead.erased_at_utc:
        return ""
    local = _local(lead)
    return f"{local:%b} {local.day}, {local:%Y}, {local.hour % 12 or 12}:{local:%M %p}"
