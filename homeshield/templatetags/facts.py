"""Formats the audit record's JSON for staff pages."""

import re

from django import template

register = template.Library()

_CODE = re.compile(r"[A-Z]+(_[A-Z0-9]+)+")
"""An enumeration's value, such as `MONTH_3_TO_5`. Only floors above know its label."""


@register.filter
def fact(value: object) -> str:
    """`yes`, `LA, TX`, `was buyer, is owner`, `month 3 to 5`, or a dash."""
    match value:
        case None | "" | []:
            return "–"
        case bool():
            return "yes" if value else "no"
        case dict():
            return ", ".join(f"{name} {fact(one)}" for name, one in value.items())
        case list():
            return ", ".join(fact(one) for one in value)
        case str() if _CODE.fullmatch(value):
            return value.replace("_", " ").lower()
    return str(value)
