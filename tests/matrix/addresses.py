"""Every address of the site, from the URL resolver."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver


def names() -> list[str]:
    """The full names of all addresses, such as `sales:order-show`; for one without a name, its pattern."""
    return list(dict.fromkeys(_walk(get_resolver().url_patterns)))


def _walk(patterns: list[URLPattern | URLResolver], namespace: str = "") -> Iterator[str]:
    for one in patterns:
        if isinstance(one, URLResolver):
            inner = f"{namespace}{one.namespace}:" if one.namespace else namespace
            yield from _walk(one.url_patterns, inner)
        else:
            yield namespace + (one.name or str(one.pattern))
