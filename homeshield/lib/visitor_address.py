"""The network address that a request comes from, whatever the headers on its way hold."""

from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from typing import Any

_LONGEST = 100
"""More characters than any address has, with its brackets, zone and port."""


def visitor_address(meta: Mapping[str, Any], *, proxies: int) -> str | None:
    """The visitor's address: what the outermost of our `proxies` has put into X-Forwarded-For.

    Where that is no address, or fewer proxies have written than are ours, it is the address that the connection comes
    from: then all such visitors count as one. None where that is no address either, as with a Unix socket.
    """
    forwarded = str(meta.get("HTTP_X_FORWARDED_FOR") or "").split(",")
    named = forwarded[-proxies] if 0 < proxies <= len(forwarded) else ""
    return parse_address(named) or parse_address(str(meta.get("REMOTE_ADDR") or ""))


def parse_address(text: str) -> str | None:
    """The address that `text` holds, as a database column takes it; None where it holds none.

    Proxies write ports (`192.0.2.7:4711`, `[2001:db8::7]:4711`), zones (`fe80::1%eth0`, which only the proxy's own
    machine understands) and IPv4 addresses as IPv6 (`::ffff:192.0.2.7`): all of that is taken off.
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
