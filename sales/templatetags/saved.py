from urllib.parse import urlsplit

from django import template

register = template.Library()


@register.filter
def query_of(address: str) -> str:
    """`state=LA` of `/inventory/?state=LA`."""
    return urlsplit(address).query
