from collections.abc import Sequence
from ipaddress import ip_address

from django.conf import settings


def bind_check(addresses: Sequence[str | tuple[str, int] | tuple[str, int, int, int]]) -> None:
    """Raises RuntimeError if gunicorn would listen beyond this machine without a buffering proxy."""
    if settings.BEHIND_BUFFERING_PROXY:
        return
    for address in addresses:
        if isinstance(address, tuple) and not _is_loopback(address[0]):
            raise RuntimeError(
                f"gunicorn would listen on {address[0]}:{address[1]} by itself, where a few stalled visitors stop the "
                "shop. Start it with manage.py serve, which puts nginx in front (WEB_LISTEN says where). If a proxy of "
                "yours on another machine buffers requests and answers, set BEHIND_BUFFERING_PROXY=true."
            )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def production_check() -> None:
    """Raises RuntimeError if a production site lacks the web's role or static files."""
    if settings.DEBUG:
        return
    if settings.WEB_DATABASE is None:
        raise RuntimeError(
            "WEB_DATABASE_URL is missing: pages would be served as the owner of the tables, whom no wall in the "
            "database binds. Set it to a login of its own, and run manage.py provision_roles, which makes it."
        )
    if not (settings.STATIC_ROOT / "staticfiles.json").is_file():
        raise RuntimeError("The static files have not been collected. Run manage.py collectstatic, and start again.")
