"""Every address of the site, from the URL resolver."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver


def names() -> list[str]:
    """The full names of all addresses, such as `sales:order-show`; for one without a name, its pattern."""
    found = _walk(get_resolver().url_patterns)
    return list(dict.fromkeys(namespace + (one.name or str(one.pattern)) for namespace, one in found))


def patterns(namespace: str) -> list[URLPattern]:
    """The addresses of one namespace, such as `admin`."""
    return [one for of, one in _walk(get_resolver().url_patterns) if of == f"{namespace}:"]


def _walk(patterns: list[URLPattern | URLResolver], namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for one in patterns:
        if isinstance(one, URLResolver):
            inner = f"{namespace}{one.namespace}:" if one.namespace else namespace
            yield from _walk(one.url_patterns, inner)
        else:
            yield namespace, one
