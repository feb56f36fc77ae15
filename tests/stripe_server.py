"""A server that speaks as much of Stripe's HTTP as the shop needs. The real `stripe` library talks to it.

It keeps Checkout sessions, payment intents, refunds and disputes, honors idempotency keys, and signs its events. Tests
play the customer and the bank with the methods of `Stripe`; browsers find buttons on the pages of its sessions.
"""

import json
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import stripe
from stripe.params import CustomerCreateParams, PaymentIntentCreateParams, RefundCreateParams
from stripe.params.checkout import SessionCreateParams

KEY, SECRET = "sk_test_key", "whsec_test"

type Made = dict[str, Any]

PARAMETERS: Mapping[tuple[str, str], Collection[str]] = {
    ("POST", "/v1/checkout/sessions"): SessionCreateParams.__annotations__,
    ("POST", "/v1/customers"): CustomerCreateParams.__annotations__,
    ("POST", "/v1/payment_intents"): PaymentIntentCreateParams.__annotations__,
    ("POST", "/v1/refunds"): RefundCreateParams.__annotations__,
}
"""What the library's own version of the API knows. Stripe refuses anything else."""


@dataclass(frozen=True)
class Event:
    """A message as Stripe sends it: its bytes, and the header with their signature."""

    body: bytes
    kind: str

    def signature(self, *, secret: str = SECRET, age: int = 0) -> str:
        signed_at = int(time.time()) - age
        header: str = stripe.WebhookSignature.generate_signature_header(self.body.decode(), secret, signed_at)
        return header


@dataclass
class Stripe:
    """What Stripe knows, and what it has asked of it."""

    base: str = ""
    objects: dict[str, Made] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of every call."""
    events: list[Event] = field(default_factory=list)
    """All that happened, in order. A test delivers them as it likes."""
    card_declined: str = ""
    """With this code, saved cards are declined."""
    refunds_refused: bool = False
    away: bool = False
    """Answers 500 to everything."""
    _answers: dict[str, tuple[int, Made]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _number: Iterator[int] = field(default_factory=lambda: count(1))

    # --- What customers, banks and staff at Stripe do ---

    def pay_by_card(self, session_id: str) -> list[Event]:
        """The customer pays with a card: the money is there at once."""
        session = self.objects[session_id]
        intent = self._intent(session, status="succeeded")
        session |= {"status": "complete", "payment_status": "paid", "payment_intent": intent["id"]}
        return [self._event("payment_intent.succeeded", intent), self._event("checkout.session.completed", session)]

    def pay_by_bank(self, session_id: str) -> list[Event]:
        """The customer names a bank account: the money comes days later."""
        session = self.objects[session_id]
        intent = self._intent(session, status="processing")
        session |= {"status": "complete", "payment_status": "unpaid", "payment_intent": intent["id"]}
        return [self._event("checkout.session.completed", session)]

    def bank_settles(self, session_id: str) -> list[Event]:
        session = self.objects[session_id]
        intent = self.objects[session["payment_intent"]]
        intent |= {"status": "succeeded", "amount_received": intent["amount"]}
        session["payment_status"] = "paid"
        return [
            self._event("payment_intent.succeeded", intent),
            self._event("checkout.session.async_payment_succeeded", session),
        ]

    def bank_refuses(self, session_id: str) -> list[Event]:
        session = self.objects[session_id]
        intent = self.objects[session["payment_intent"]]
        intent |= {"status": "requires_payment_method", "last_payment_error": {"code": "debit_not_authorized"}}
        return [
            self._event("payment_intent.payment_failed", intent),
            self._event("checkout.session.async_payment_failed", session),
        ]

    def card_is_declined_on_the_page(self, session_id: str) -> list[Event]:
        """The customer may try another card on the same page."""
        intent = self._intent(self.objects[session_id], status="requires_payment_method")
        intent["last_payment_error"] = {"code": "card_declined", "decline_code": "generic_decline"}
        return [self._event("payment_intent.payment_failed", intent)]

    def expire(self, session_id: str) -> list[Event]:
        session = self.objects[session_id]
        session["status"] = "expired"
        return [self._event("checkout.session.expired", session)]

    def save_card(self, session_id: str) -> list[Event]:
        """The customer saves a card on the page that a setup session has."""
        session = self.objects[session_id]
        method = self._make("pm", {"object": "payment_method", "card": {"brand": "visa", "last4": "4242"}})
        setup = self._make("seti", {"object": "setup_intent", "payment_method": method["id"]})
        session |= {"status": "complete", "payment_status": "no_payment_required", "setup_intent": setup["id"]}
        return [self._event("checkout.session.completed", session)]

    def refund(self, intent_id: str, cents: int, *, status: str = "succeeded") -> list[Event]:
        """Staff refund on Stripe's own pages."""
        made = self._refund({"payment_intent": intent_id, "amount": cents}, status)
        return [self._event("refund.created", made)]

    def refund_becomes(self, refund_id: str, status: str) -> list[Event]:
        made = self.objects[refund_id]
        made["status"] = status
        return [self._event("refund.failed" if status == "failed" else "refund.updated", made)]

    def dispute(self, intent_id: str, cents: int, *, status: str = "needs_response") -> list[Event]:
        """The cardholder's bank claims the money back."""
        made = self._make(
            "du", {"object": "dispute", "payment_intent": intent_id, "amount": cents, "currency": "usd",
                   "reason": "fraudulent", "status": status, "metadata": {}},
        )  # fmt: skip
        took = [] if status.startswith("warning") else [self._event("charge.dispute.funds_withdrawn", made)]
        return [self._event("charge.dispute.created", made), *took]

    def dispute_closes(self, dispute_id: str, status: str) -> list[Event]:
        made = self.objects[dispute_id]
        made["status"] = status
        back = [self._event("charge.dispute.funds_reinstated", made)] if status == "won" else []
        return [self._event("charge.dispute.closed", made), *back]

    def the(self, kind: str) -> Made:
        """The newest object of a kind, such as `refund`."""
        return [made for made in self.objects.values() if made["object"] == kind][-1]

    def all(self, kind: str) -> list[Made]:
        return [made for made in self.objects.values() if made["object"] == kind]

    def event(self, kind: str, what: Mapping[str, Any]) -> Event:
        """An event that says what a test likes."""
        return self._event(kind, what)

    # --- HTTP ---

    def answer(self, method: str, path: str, form: Mapping[str, Any], key: str | None) -> tuple[int, Made]:
        """Equal idempotency keys get equal answers, at the same time too."""
        with self._lock:
            self.asked.append((method, path))
            if self.away:
                return 500, {"error": {"type": "api_error", "message": "We are down."}}
            if key is None or method == "GET":
                return self._answer(method, path, form)
            if key not in self._answers:
                self._answers[key] = json.loads(json.dumps(self._answer(method, path, form)))
            return self._answers[key]

    def _answer(self, method: str, path: str, form: Mapping[str, Any]) -> tuple[int, Made]:
        if unknown := set(form) - set(PARAMETERS.get((method, path), form)):
            message = f"Received unknown parameters: {sorted(unknown)}"
            return 400, {"error": {"type": "invalid_request_error", "code": "parameter_unknown", "message": message}}
        match method, path.removeprefix("/v1/").split("/"):
            case "POST", ["checkout", "sessions"]:
                return 200, self._session(form)
            case "POST", ["customers"]:
                return 200, self._make("cus", {"object": "customer", "metadata": form.get("metadata", {})})
            case "POST", ["payment_intents"]:
                return self._charge(form)
            case "POST", ["refunds"]:
                return self._refund_asked(form)
            case "GET", [*_, wanted] if wanted in self.objects:
                return 200, self._expanded(self.objects[wanted], form)
        return 404, {"error": {"type": "invalid_request_error", "code": "resource_missing", "message": "No such one."}}

    def _session(self, form: Mapping[str, Any]) -> Made:
        items = form.get("line_items", {})
        cents = sum(int(one["price_data"]["unit_amount"]) for one in items.values()) if items else None
        session = self._make(
            "cs_test",
            {
                "object": "checkout.session", "mode": form["mode"], "status": "open", "payment_status": "unpaid",
                "amount_total": cents, "currency": "usd" if items else None, "payment_intent": None,
                "setup_intent": None, "metadata": form.get("metadata", {}), "success_url": form["success_url"],
                "cancel_url": form["cancel_url"], "customer": form.get("customer"),
            },
        )  # fmt: skip
        session["url"] = f"{self.base}/pay/{session['id']}"
        session["intent_metadata"] = form.get("payment_intent_data", {}).get("metadata", {})
        return session

    def _intent(self, session: Made, *, status: str) -> Made:
        cents = session["amount_total"]
        return self._make(
            "pi",
            {
                "object": "payment_intent", "amount": cents, "amount_received": cents if status == "succeeded" else 0,
                "currency": "usd", "status": status, "metadata": session["intent_metadata"],
                "last_payment_error": None,
            },
        )  # fmt: skip

    def _charge(self, form: Mapping[str, Any]) -> tuple[int, Made]:
        cents = int(form["amount"])
        intent = self._make(
            "pi",
            {
                "object": "payment_intent", "amount": cents, "amount_received": 0, "currency": form["currency"],
                "status": "requires_payment_method", "metadata": form["metadata"], "last_payment_error": None,
            },
        )  # fmt: skip
        if self.card_declined:
            error = {
                "type": "card_error",
                "code": "card_declined",
                "decline_code": self.card_declined,
                "message": "No.",
            }
            intent["last_payment_error"] = error
            self._event("payment_intent.payment_failed", intent)
            return 402, {"error": error | {"payment_intent": intent}}
        intent |= {"status": "succeeded", "amount_received": cents}
        self._event("payment_intent.succeeded", intent)
        return 200, intent

    def _refund_asked(self, form: Mapping[str, Any]) -> tuple[int, Made]:
        if self.refunds_refused:
            error = {"type": "invalid_request_error", "code": "charge_already_refunded", "message": "No."}
            return 400, {"error": error}
        made = self._refund(form, "pending")
        self._event("refund.created", made)
        return 200, made

    def _refund(self, form: Mapping[str, Any], status: str) -> Made:
        return self._make(
            "re",
            {
                "object": "refund", "payment_intent": form["payment_intent"], "amount": int(form["amount"]),
                "currency": "usd", "status": status, "metadata": form.get("metadata", {}), "failure_reason": None,
            },
        )  # fmt: skip

    def _expanded(self, made: Made, form: Mapping[str, Any]) -> Made:
        expand = form.get("expand", {}).values() if isinstance(form.get("expand"), dict) else ()
        return made | {name: self.objects[made[name]] for name in expand if made.get(name)}

    def _make(self, prefix: str, facts: Mapping[str, Any]) -> Made:
        made = {"id": f"{prefix}_{next(self._number)}", **facts}
        self.objects[made["id"]] = made
        return made

    def _event(self, kind: str, what: Mapping[str, Any]) -> Event:
        message = {"id": f"evt_{next(self._number)}", "object": "event", "type": kind, "data": {"object": {**what}}}
        event = Event(json.dumps(message).encode(), kind)
        self.events.append(event)
        return event


def nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """`a[b][0]=c` as Stripe reads it: {"a": {"b": {"0": "c"}}}."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        first, *rest = name.replace("]", "").split("[")
        place = found
        for part, following in zip([first, *rest], rest, strict=False):
            place = place.setdefault(part, {})
            assert following is not None
        place[(rest or [first])[-1]] = value
    return found


_PAGE = """<!doctype html><html lang="en"><title>Test payment page</title><h1>Pay</h1>
<form method="post"><button name="by" value="card">Pay by card</button>
<button name="by" value="bank">Pay from a bank account</button>
<button name="by" value="save">Save this card</button></form><a href="{cancel}">Back</a>"""


def _handler(service: Stripe, deliver: Any) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path, query = urlsplit(self.path).path, urlsplit(self.path).query
            if path.startswith("/pay/"):
                session = service.objects[path.removeprefix("/pay/")]
                self._send(200, "text/html", _PAGE.format(cancel=session["cancel_url"]).encode())
                return
            self._json(*service.answer("GET", path, nested(parse_qsl(query)), None))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            if self.path.startswith("/pay/"):
                self._paid(self.path.removeprefix("/pay/"), dict(parse_qsl(body)).get("by"))
                return
            assert self.headers["Authorization"] == f"Bearer {KEY}"
            key = self.headers.get("Idempotency-Key")
            self._json(*service.answer("POST", self.path, nested(parse_qsl(body)), key))

        def _paid(self, session_id: str, by: str | None) -> None:
            act = {"card": service.pay_by_card, "bank": service.pay_by_bank, "save": service.save_card}[str(by)]
            for event in act(session_id):
                if deliver is not None:
                    deliver(event)
            self.send_response(303)
            self.send_header("Location", service.objects[session_id]["success_url"])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _json(self, status: int, answer: Made) -> None:
            self._send(status, "application/json", json.dumps(answer).encode())

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Request-Id", "req_test")
            if status >= 500:
                self.send_header("Stripe-Should-Retry", "false")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Silence."""

    return Handler


@contextmanager
def stripe_server(deliver: Any = None) -> Iterator[Stripe]:
    """`deliver` takes each event that a browser brings about on a page of the server."""
    service = Stripe()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(service, deliver))
    service.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
