"""What nginx itself does with our configuration: limits, whom it believes, and what it says where it does not ask the
shop."""

import gzip
import http.client
import json
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from email.message import Message
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.conf import settings as configured
from pytest_django import Settings

from homeshield.front.configuration import Address, Front
from tests.homeshield.front.echo import echoing
from tests.homeshield.front.serving import free_port
from tests.homeshield.front.stalled import stalled
from tests.homeshield.test_headers import EXPECTED

OUTSIDER, PROXY = "127.0.0.1", "127.0.0.2"


def front_at(*ports: int, trusted: tuple[str, ...] = ()) -> Front:
    plain = tuple(Address("127.0.0.1", port) for port in ports)
    return Front(plain=plain, secure=(), certificate=None, certificate_key=None, trusted=trusted)


@pytest.fixture(scope="module")
def port(nginx: str) -> Iterator[int]:
    port = free_port()
    with echoing(front_at(port, trusted=(PROXY,))):
        yield port


def ask(port: int, method: str = "GET", path: str = "/", source: str = OUTSIDER, **sent: Any) -> httpx.Response:
    transport = httpx.HTTPTransport(local_address=source)
    with httpx.Client(transport=transport, base_url=f"http://127.0.0.1:{port}", timeout=20) as visitor:
        return visitor.request(method, path, **sent)


def ask_plainly(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, Message, bytes]:
    """httpx takes no long addresses, or takes a minute for them, and tells nothing of how a connection ends."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as visitor:
        visitor.request(method, path, body)
        answer = visitor.getresponse()
        return answer.status, answer.headers, answer.read()


def assert_protected(answer: httpx.Response) -> None:
    assert {name: answer.headers[name] for name in EXPECTED} == EXPECTED
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'; script-src 'self'; ")
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "nonce" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert len(answer.headers["X-Request-ID"]) == 32


# --- Limits ---


def test_a_download_may_name_a_thousand_sales(port: int) -> None:
    ids = "%2C".join(str(uuid4()) for _ in range(1000))
    status, _, _ = ask_plainly(port, "GET", f"/api/v1/purchases/download?client_id={uuid4()}&sale_ids={ids}")
    assert status == 200


def test_an_address_has_an_end(port: int) -> None:
    status, headers, content = ask_plainly(port, "GET", f"/api/v1/prices?{'a' * 70_000}")
    assert status == 414
    assert b"address_too_long" in content
    assert {name: headers[name] for name in EXPECTED} == EXPECTED


@pytest.mark.parametrize(
    ("path", "sent", "status", "error"),
    [
        ("/api/v1/prices", {"headers": {"X-Long": "a" * 70_000}}, 431, "headers_too_large"),
        ("/api/v1/quotes", {"method": "POST", "content": b"a" * 600_000}, 413, "too_large"),
    ],
)
def test_what_is_too_large_is_refused_in_the_apis_shape(
    port: int, path: str, sent: dict[str, Any], status: int, error: str
) -> None:
    answer = ask(port, path=path, **sent)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["detail"]["error"] == error
    assert answer.json()["request_id"] == answer.headers["X-Request-ID"]
    assert_protected(answer)


def test_a_form_that_is_too_large_is_refused_with_a_page(port: int) -> None:
    answer = ask(port, "POST", "/accounts/login/", content=b"a" * 600_000)
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "What you sent is too large" in answer.text
    assert_protected(answer)


def test_a_body_that_is_refused_unread_resets_no_connection(port: int) -> None:
    """The answer says that it closes, and what the visitor still sends is read away."""
    status, headers, content = ask_plainly(port, "POST", "/api/v1/quotes", b"a" * 3_000_000)
    assert (status, headers["Connection"]) == (413, "close")
    assert b"too_large" in content


def test_what_is_no_http_is_refused(port: int) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as visitor:
        visitor.putrequest("GET", "/api/v1/prices")
        visitor.putheader("Content-Length", "many")
        visitor.endheaders()
        answer = visitor.getresponse()
        assert (answer.status, b"bad_request" in answer.read()) == (400, True)


@pytest.mark.parametrize(
    ("request_line", "header", "status", "error"),
    [
        ("TRACE /api/v1/prices HTTP/1.1", "", 405, "method_not_allowed"),
        ("GET /api/v1/prices HTTP/3.0", "", 505, "bad_request"),
        ("POST /api/v1/quotes HTTP/1.1", "Transfer-Encoding: gzip", 501, "bad_request"),
        ("TRACE / HTTP/1.1", "", 405, None),
        ("GET /front/programs/413 HTTP/1.1", "", 404, None),
        ("GET /front/people/413 HTTP/1.1", "", 404, None),
    ],
)
def test_whatever_nginx_refuses_has_the_shops_shape(
    port: int, request_line: str, header: str, status: int, error: str | None
) -> None:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=20)) as visitor:
        head = "\r\n".join(filter(None, [request_line, "Host: localhost", "Connection: close", header]))
        visitor.sendall(f"{head}\r\n\r\n".encode())
        answer = http.client.HTTPResponse(visitor)
        answer.begin()
        content = answer.read()
    assert answer.status == status
    assert {name: answer.headers[name] for name in EXPECTED} == EXPECTED
    if error is None:
        assert b"<center>nginx</center>" not in content
        assert b"Back to the start page" in content
    else:
        refused = json.loads(content)
        assert (refused["detail"]["error"], refused["request_id"]) == (error, answer.headers["X-Request-ID"])


def test_the_shops_own_headers_are_not_doubled(port: int) -> None:
    answer = ask(port)
    assert answer.headers.get_list("X-Request-ID") == [answer.json()["X-Request-ID"]]
    assert "Content-Security-Policy" not in answer.headers  # the echo sent none, and a shop's own answer is the shop's


# --- Whom it believes ---

CLAIMS = {
    "X-Forwarded-For": "192.0.2.1, 198.51.100.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "444",
    "X-Real-IP": "192.0.2.1",
    "Forwarded": "for=192.0.2.1;proto=https",
    "X-Request-ID": "the-visitors-own-id",
    "Script_Name": "/elsewhere",
}


def told(answer: httpx.Response) -> dict[str, str | None]:
    seen = {name.lower(): value for name, value in answer.json().items()}
    return {name: seen.get(name.lower()) for name in CLAIMS}


def test_an_outsiders_words_about_the_visitor_are_not_passed_on(port: int) -> None:
    answer = ask(port, headers=CLAIMS)
    heard = told(answer)
    assert heard.pop("X-Request-ID") == answer.headers["X-Request-ID"] != CLAIMS["X-Request-ID"]
    assert heard == dict.fromkeys(CLAIMS.keys() - {"X-Request-ID"}) | {
        "X-Forwarded-For": OUTSIDER, "X-Forwarded-Proto": "http",
    }  # fmt: skip


def test_a_trusted_proxys_words_are_and_no_more_than_it_says_itself(port: int) -> None:
    heard = told(ask(port, source=PROXY, headers=CLAIMS))
    assert heard == dict.fromkeys(CLAIMS) | {
        "X-Forwarded-For": "198.51.100.7",  # the one that the proxy has added; the rest is the visitor's invention
        "X-Forwarded-Proto": "https",
        "X-Request-ID": "the-visitors-own-id",
    }


@pytest.mark.parametrize("strange", ["short", "two words", "a;b=c\x01-and-more", "x" * 65])
def test_a_strange_id_is_not_passed_on_even_then(port: int, strange: str) -> None:
    visitor = ask(port, source=PROXY, headers={"X-Request-ID": strange.replace("\x01", "")})
    assert visitor.headers["X-Request-ID"] != strange


# --- Answers ---


def test_a_download_that_breaks_off_fails_for_who_reads_it(port: int) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        ask(port, path="/cut")


def test_a_slow_reader_holds_nothing_of_the_shops(nginx: str) -> None:
    port = free_port()
    with echoing(front_at(port)) as given_out, stalled(port, [b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n"] * 3):
        deadline = time.monotonic() + 60
        while len(given_out) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_where_no_shop_answers_it_says_so_and_when_to_ask_again(nginx: str) -> None:
    port = free_port()
    with echoing(front_at(port), with_shop=False):
        program, people = ask(port, path="/api/v1/prices"), ask(port, path="/")
    assert program.status_code == people.status_code == 503
    assert program.headers["Retry-After"] == people.headers["Retry-After"] == "5"
    assert program.json()["detail"]["error"] == "unavailable"
    assert program.json()["request_id"] == program.headers["X-Request-ID"]
    assert "HomeShield is not answering" in people.text
    for answer in (program, people):
        assert_protected(answer)


# --- Static files ---


def test_styles_and_scripts_come_without_the_shop(nginx: str, settings: Settings) -> None:
    port = free_port()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        settings.STATIC_ROOT = Path(folder)
        Path(folder).chmod(0o755)  # nginx's workers are another user's
        (settings.STATIC_ROOT / "site.0123456789ab.css").write_text("a { color: red }", encoding="utf-8")
        (settings.STATIC_ROOT / "site.0123456789ab.css.gz").write_bytes(gzip.compress(b"compressed before"))
        (settings.STATIC_ROOT / "site.css").write_text("a { color: red }", encoding="utf-8")
        with echoing(front_at(port)):
            digested = "/static/site.0123456789ab.css"
            plain = ask(port, path=digested, headers={"Accept-Encoding": "identity"})
            small = ask(port, path=digested, headers={"Accept-Encoding": "gzip"})
            posted = ask(port, "POST", path=digested)
            others = [ask(port, path=f"/static/{name}") for name in ("site.css", "gone.0123456789ab.css")]
    assert (plain.text, small.text) == ("a { color: red }", "compressed before")
    assert plain.headers["Content-Type"] == "text/css; charset=utf-8"
    assert plain.headers["Vary"] == "Accept-Encoding"
    for answer in (plain, small):
        assert answer.headers.get_list("Cache-Control") == ["max-age=315360000, public, immutable"]
        assert {name: answer.headers[name] for name in EXPECTED} == EXPECTED
    assert posted.status_code == 405
    assert_protected(posted)
    assert [one.json()["X-Request-ID"] for one in others] == [one.headers["X-Request-ID"] for one in others], "the shop"
    assert "Cache-Control" not in others[1].headers, "what the shop says, here nothing"


# --- TLS ---


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("a site's {tls}; #1")  # whatever a path may hold
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return certificate, key


def test_it_speaks_tls_itself(nginx: str, certificate: tuple[Path, Path], settings: Settings) -> None:
    settings.SECURE_HSTS_SECONDS = 3600
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS, settings.SECURE_HSTS_PRELOAD = True, False
    plain, secure = free_port(), free_port()
    front = Front(
        plain=(Address("127.0.0.1", plain),), secure=(Address("127.0.0.1", secure),),
        certificate=certificate[0], certificate_key=certificate[1], trusted=(),
    )  # fmt: skip
    with echoing(front):
        context = ssl.create_default_context(cafile=certificate[0])
        context.check_hostname = False
        with httpx.Client(verify=context, timeout=20) as visitor:
            https = visitor.get(f"https://127.0.0.1:{secure}/", headers={"X-Forwarded-Proto": "http"})
            refused = visitor.post(f"https://127.0.0.1:{secure}/api/v1/quotes", content=b"a" * 600_000)
            astray = visitor.get(f"http://127.0.0.1:{secure}/api/v1/prices")
            http = visitor.get(f"http://127.0.0.1:{plain}/", headers={"X-Forwarded-Proto": "https"})
    assert told(https)["X-Forwarded-Proto"] == "https"
    assert refused.headers["Strict-Transport-Security"] == "max-age=3600; includeSubDomains"
    assert (astray.status_code, astray.json()["detail"]["error"]) == (400, "bad_request")
    assert told(http)["X-Forwarded-Proto"] == "http"
    assert "Strict-Transport-Security" not in http.headers


def test_the_limit_of_bodies_lets_the_shop_speak_first(port: int) -> None:
    """What is a little too large for the API is refused by it, in its own words."""
    assert ask(port, "POST", content=b"a" * (configured.API_MAX_BODY_BYTES + 1)).status_code == 200
