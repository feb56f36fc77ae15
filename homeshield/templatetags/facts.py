"""How the staff pages write what the audit record holds as JSON."""

import re

from django import template

register = template.Library()

_CODE = re.compile(r"[A-Z]+(_[A-Z0-9]+)+")
"""The value of an enumeration, such as `MONTH_3_TO_5`. What it is called in words, floors above the audit know."""


@register.filter
def fact(value: object) -> str:
    """`yes`, `LA, TX`, `was buyer, is owner`, `month 3 to 5`; a dash for what is empty. Other text as it is."""
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
