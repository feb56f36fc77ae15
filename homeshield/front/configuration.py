"""Makes nginx's configuration and error pages from the settings."""

import json
import os
import re
import resource
import socket
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.template import Context, Engine
from django.template.loader import render_to_string
from django.utils.csp import CSP

from homeshield.front import REQUEST_LINE
from homeshield.middleware import PERMISSIONS_POLICY
from homeshield.refusals import HTTP_REFUSALS, HttpRefusal, detail_of_status

TEMPLATE = Path(__file__).with_name("nginx.conf")
SPOOL = "2048m"  # per answer: an export of a million leads is 400 MB
_OPEN_FILES = 32_768
_LOOPBACK = ("127.0.0.1", "[::1]", "localhost")
_ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[0-9A-Za-z.-]+):(?P<port>[0-9]{1,5})")
_PATH = re.compile(r"/[^\s;{}'\"\\$#]*")  # unquoted in the configuration
_QUOTED_PATH = re.compile(r'/[^\x00-\x1f"\\$]*')  # quoted

_DIGESTED = r"^/static/.+\.[0-9a-f]{12}\.[0-9a-z]+$"
"""A static file whose name has its digest: it never changes."""

_SAME_TO_PROGRAMS = (405, 503)
"""Programs get the text for people: our own is wrong if nginx answers with these."""


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        return self.host in _LOOPBACK


@dataclass(frozen=True, slots=True)
class Front:
    """`trusted` are the proxies whose word about visitors counts."""

    plain: tuple[Address, ...]
    secure: tuple[Address, ...]
    certificate: Path | None
    certificate_key: Path | None
    trusted: tuple[str, ...]

    @property
    def addresses(self) -> tuple[Address, ...]:
        return self.plain + self.secure

    @property
    def shown(self) -> str:
        named = [f"https://{address}" for address in self.secure] or [f"http://{address}" for address in self.plain]
        return ", ".join(named)


def front_from_settings() -> Front:
    """Raises ImproperlyConfigured for settings that no site could be served with."""
    certificate, key = (_file(name) for name in ("TLS_CERTIFICATE", "TLS_CERTIFICATE_KEY"))
    if bool(certificate) != bool(key):
        raise ImproperlyConfigured(
            "TLS_CERTIFICATE and TLS_CERTIFICATE_KEY belong together, and one of them is missing. Set both; or neither "
            "where a proxy in front speaks TLS (TRUSTED_PROXIES)."
        )
    front = Front(
        plain=_addresses("WEB_LISTEN") or (_everywhere(80) if certificate else (Address("127.0.0.1", 8000),)),
        secure=(_addresses("WEB_LISTEN_TLS") or _everywhere(443)) if certificate else (),
        certificate=certificate,
        certificate_key=key,
        trusted=_networks(),
    )
    _spool_check(Path(settings.WEB_SPOOL_DIR))
    if settings.WEB_LISTEN_TLS and not certificate:
        raise ImproperlyConfigured("WEB_LISTEN_TLS needs TLS_CERTIFICATE and TLS_CERTIFICATE_KEY. Set them as well.")
    if settings.DEBUG and not all(address.is_loopback for address in front.addresses):
        raise ImproperlyConfigured(
            "DEBUG is on, and its pages show too much for anybody but you. Set SECRET_KEY for a public site, or let "
            "WEB_LISTEN name 127.0.0.1."
        )
    if not settings.DEBUG and not certificate and not front.trusted and settings.SECURE_SSL_REDIRECT:
        raise ImproperlyConfigured(
            "Nobody speaks TLS for this site. Set TLS_CERTIFICATE and TLS_CERTIFICATE_KEY; or TRUSTED_PROXIES to the "
            "addresses of the proxies that do; or SECURE_SSL_REDIRECT=false to try it without."
        )
    return front


def _spool_check(folder: Path) -> None:
    longest = 60  # characters: a socket's path may have 107 bytes, with our folder and name
    if not _PATH.fullmatch(str(folder)) or not os.access(folder, os.W_OK | os.X_OK) or len(str(folder)) > longest:
        raise ImproperlyConfigured(
            f"WEB_SPOOL_DIR is {str(folder)!r}, but must be a folder that we may write to, with a whole path of "
            f"{longest} characters at most and without blanks, quotes, ; {{ }} $ or #."
        )


def _addresses(name: str) -> tuple[Address, ...]:
    return tuple(_address(name, text.strip()) for text in getattr(settings, name) if text.strip())


def _address(name: str, text: str) -> Address:
    found = _ADDRESS.fullmatch(text)
    if found is None or not 0 < int(found["port"]) < 65_536:
        raise ImproperlyConfigured(
            f"{name} holds {text!r}. Write addresses like 127.0.0.1:8000 or [::]:80, with commas."
        )
    return Address(found["host"], int(found["port"]))


def _everywhere(port: int) -> tuple[Address, ...]:
    every = (Address("0.0.0.0", port),)  # noqa: S104 - with a certificate it is a public site
    return (*every, Address("[::]", port)) if _speaks_ipv6() else every


def _speaks_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as attempt:
            attempt.bind(("::1", 0))
    except OSError:
        return False
    return True


def _file(name: str) -> Path | None:
    """nginx itself checks the contents."""
    if not (text := getattr(settings, name)):
        return None
    if not _QUOTED_PATH.fullmatch(text) or not Path(text).is_file():
        raise ImproperlyConfigured(
            f"{name} names no file: {text!r}. Give its whole path, without double quotes, backslashes or $."
        )
    return Path(text)


def _networks() -> tuple[str, ...]:
    found = []
    for text in settings.TRUSTED_PROXIES:
        try:
            found.append(str(ip_network(text.strip())))
        except ValueError:
            raise ImproperlyConfigured(
                f"TRUSTED_PROXIES holds {text!r}. Write addresses or networks with commas, like 10.0.0.4,10.1.0.0/24."
            ) from None
    return tuple(found)


def configuration(front: Front, *, folder: Path, version: tuple[int, ...], user: str | None) -> str:
    """nginx's configuration; `user` runs root's workers."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = _OPEN_FILES if limit == resource.RLIM_INFINITY else min(_OPEN_FILES, limit)
    context = {
        "user": user,
        "folder": folder,
        "open_files": files,
        "connections": files // 4,  # each visitor takes two connections and two files
        "request_line": REQUEST_LINE,
        "max_body": 2 * settings.DATA_UPLOAD_MAX_MEMORY_SIZE,  # the shop itself refuses bodies up to here
        "max_list": 2 * settings.LIST_MAX_BODY_BYTES,
        "spool": SPOOL,
        "trusted": front.trusted,
        "digested": _DIGESTED,
        "refusals": _for_programs(),
        "protection": [(name, f"$own_{number}", value) for number, (name, value) in enumerate(_protection())],
        "transport_security": _transport_security(),
        "certificate": front.certificate,
        "certificate_key": front.certificate_key,
        "plain": front.plain,
        "secure": front.secure,
        "http2_by_listen": version < (1, 25, 1),
    }
    template = Engine().from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(Context(context, autoescape=False))


def _protection() -> list[tuple[str, str]]:
    """The headers of the shop's own answers, quoted for nginx."""
    policies: dict[str, list[str]] = dict(settings.SECURE_CSP)  # type: ignore[arg-type]  # the stubs say object
    policy = "; ".join(
        f"{name} {' '.join(word for word in words if word != CSP.NONCE)}" for name, words in policies.items()
    )
    headers = {
        "X-Request-ID": "$visit",
        "Cache-Control": "$caching",
        "Content-Security-Policy": policy,
        "X-Frame-Options": settings.X_FRAME_OPTIONS,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "Permissions-Policy": PERMISSIONS_POLICY,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
    }
    return [(name, f'"{value}"') for name, value in headers.items()]


def _transport_security() -> str:
    if not settings.SECURE_HSTS_SECONDS:
        return ""
    parts = [f"max-age={settings.SECURE_HSTS_SECONDS}"]
    parts += ["includeSubDomains"] * settings.SECURE_HSTS_INCLUDE_SUBDOMAINS
    parts += ["preload"] * settings.SECURE_HSTS_PRELOAD
    return "; ".join(parts)


def _own_refusals() -> list[tuple[int, HttpRefusal]]:
    return [(status, refusal) for status, refusal in HTTP_REFUSALS.items() if refusal.title]


def _for_programs() -> list[tuple[int, str]]:
    """In the API's shape, quoted for nginx, which adds the request id."""
    said = []
    for status, refusal in _own_refusals():
        detail = detail_of_status(status)
        if status in _SAME_TO_PROGRAMS:
            detail["message"] = refusal.text
        body = json.dumps({"detail": detail, "request_id": "$visit"})
        said.append((status, body.replace("\\", "\\\\").replace("'", "\\'")))
    return said


def write_refusals(folder: Path) -> None:
    (folder / "people").mkdir(parents=True)
    for status, refusal in _own_refusals():
        page = render_to_string("errors/front.html", {"title": refusal.title, "text": refusal.text})
        (folder / "people" / str(status)).write_text(page, encoding="utf-8")
