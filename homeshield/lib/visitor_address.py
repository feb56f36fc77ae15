from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from typing import Any

_LONGEST = 100
"""Longer than any address with brackets, zone and port."""


def visitor_address(meta: Mapping[str, Any], *, proxies: int) -> str | None:
    """The X-Forwarded-For entry of the outermost of our `proxies`.

    If it is missing or invalid, the connection's address, so that such visitors count as one; None for a Unix socket.
    """
    forwarded = str(meta.get("HTTP_X_FORWARDED_FOR") or "").split(",")
    named = forwarded[-proxies] if 0 < proxies <= len(forwarded) else ""
    return parse_address(named) or parse_address(str(meta.get("REMOTE_ADDR") or ""))


def parse_address(text: str) -> str | None:
    """Strips what proxies add, as in `192.0.2.7:4711`, `[2001:db8::7]:4711`, `fe80::1%eth0`, `::ffff:192.0.2.7`.

    Returns None if there is no address.
    """
    text = text.strip()
    if not 0 < len(text) <= _LONGEST:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
