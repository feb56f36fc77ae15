"""Where Stripe reports what happened (docs/payments.md)."""

from http import HTTPStatus
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from homeshield.billing.payments.errors import BadSignature, StripeAway, StripeSaysNo
from homeshield.billing.payments.events import event_open, event_receive
from homeshield.lib.http import Request


@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """Takes one message. Its signature stands for a sign-in. What is answered with an error comes again, for days."""
    as_of = cast(Request, request).as_of
    try:
        event = event_open(request.body, request.headers.get("Stripe-Signature", ""), as_of=as_of)
        outcome = event_receive(event, as_of=as_of)
    except BadSignature as refusal:
        return _said(HTTPStatus.BAD_REQUEST, refusal.message)
    except (StripeAway, StripeSaysNo) as trouble:
        return _said(HTTPStatus.SERVICE_UNAVAILABLE, trouble.message)
    return _said(HTTPStatus.OK, outcome.label if outcome else "nothing new")


def _said(status: int, text: str) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
