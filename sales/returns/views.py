"""A buyer's pages of returns: of some leads of an order, of a CSV, and the list of all."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from homeshield.accounts.access import requires
from homeshield.accounts.limits import limited
from homeshield.accounts.permissions import Act
from homeshield.audit.services import audit_seen
from homeshield.lib.http import Request
from homeshield.lib.money import dollars
from sales.models import Order, Sale
from sales.returns.csv_lines import Lines
from sales.returns.errors import ReturnNotFound
from sales.returns.forms import ReturnForm, ReturnsUploadForm
from sales.returns.models import ReturnReason, ReturnStatus
from sales.returns.reading import returns_read
from sales.returns.rules import returnable_until
from sales.returns.selectors import allowance_of, record_of, returns_page, unread_of
from sales.returns.services import MOST_AT_ONCE, Answered, Asked, returns_make, returns_preview
from sales.returns.uploads import takes_returns

PROBLEMS_SHOWN = 100


@requires(Act.RETURN)
@require_safe
def return_list(request: Request) -> HttpResponse:
    """The company's returns, what it may still return at once, and what staff have decided since it last looked."""
    client_id = _client_id(request)
    context = {
        "page": returns_page(client_id=client_id, cursor=request.GET.get("cursor")),
        "record": record_of(client_id=client_id, as_of=request.as_of),
        "allowance": allowance_of(client_id=client_id, as_of=request.as_of),
        "unread": unread_of(client_id).count(),
        "until": request.as_of.isoformat(),
        "days": settings.RETURN_DAYS,
    }
    return render(request, "returns/return_list.html", context)


@requires(Act.RETURN)
@require_POST
def returns_read_all(request: Request) -> HttpResponse:
    """Marks as read what staff had decided when the page was shown."""
    try:
        until = parse_datetime(request.POST.get("until", ""))
    except ValueError:
        until = None
    if until is None or until.tzinfo is None:
        raise ReturnNotFound
    returns_read(client_id=_client_id(request), decided_until=until, as_of=request.as_of)
    return redirect("sales:return-list")


@requires(Act.RETURN)
@limited("return")
@require_http_methods(["GET", "HEAD", "POST"])
def return_new(request: Request, order_id: UUID) -> HttpResponse:
    """Asks why the selected leads of an order are returned, and returns them. Those that are not taken back stay on the
    page, each with its reason."""
    order = _order_or_404(request, order_id)
    sales = _selected(request, order)
    if not sales:
        messages.warning(request, "Select the leads that you want to return.")
        return redirect("sales:order-show", order.id)
    form = ReturnForm(request.POST or None)
    answers: list[Answered] = []
    if form.is_valid():
        asked = [Asked(sale_id=sale.id, **form.cleaned_data) for sale in sales]
        answers = returns_make(
            client_id=order.client_id, asked=asked, user_id=request.user.id, as_of=request.as_of
        )  # fmt: skip
        _tell(request, answers)
        if all(one.verdict.refusal is None for one in answers):
            return redirect("sales:return-list")
    audit_seen(obj=order, client_id=order.client_id, as_of=request.as_of)
    faults = {one.asked.sale_id: one.message for one in answers or _faults_now(order, sales, request)}
    done = {one.asked.sale_id for one in answers if one.verdict.refusal is None}
    context = {
        "order": order,
        "form": form,
        "rows": [(sale, faults[sale.id]) for sale in sales if sale.id not in done],
        "may_return": any(not faults[sale.id] for sale in sales) or bool(answers),
        "until": returnable_until(order.placed_at_utc, days=settings.RETURN_DAYS),
    }
    return render(request, "returns/return_new.html", context, status=422 if form.is_bound else 200)


@csrf_exempt
@requires(Act.RETURN)
@limited("return")
@require_http_methods(["GET", "HEAD", "POST"])
@takes_returns
def return_upload(request: Request) -> HttpResponse:
    """Reads a CSV of returns, shows what would become of each line, and returns them once that is confirmed."""
    form = ReturnsUploadForm(request.POST or None, request.FILES or None)
    if not form.is_valid():
        return render(request, "returns/return_upload.html", {"form": form}, status=422 if form.is_bound else 200)
    client_id, lines = _client_id(request), form.cleaned_data["lines"]
    if "confirm" in request.POST:
        answers = returns_make(client_id=client_id, asked=lines.asked, user_id=request.user.id, as_of=request.as_of)
        _tell(request, answers)
        return redirect("sales:return-list")
    answers = returns_preview(client_id=client_id, asked=lines.asked, as_of=request.as_of)
    meant = Lines(asked=[one.asked for one in answers if one.verdict.refusal is None])
    context = {"lines": lines, "text": meant.as_text, "meant": meant.asked, **_preview(answers, lines)}
    return render(request, "returns/return_preview.html", context)


def _preview(answers: Sequence[Answered], lines: Lines) -> dict[str, Any]:
    """What the page before the confirmation says of the lines: how many become what, and which are refused."""
    accepted = [one.amount for one in answers if one.status == ReturnStatus.ACCEPTED]
    waiting = [one.amount for one in answers if one.status == ReturnStatus.WAITING]
    refused = [(line, one.message) for line, one in zip(lines.numbers, answers, strict=True) if one.verdict.refusal]
    problems = sorted([*refused, *((fault.line, fault.text) for fault in lines.faults)])
    return {
        "accepted": len(accepted),
        "credit": sum(accepted, Decimal(0)),
        "waiting": len(waiting),
        "held": sum(waiting, Decimal(0)),
        "impossible": len(problems),
        "problems": problems[:PROBLEMS_SHOWN],
        "more_problems": max(len(problems) - PROBLEMS_SHOWN, 0),
    }


def _tell(request: Request, answers: Sequence[Answered]) -> None:
    """One message for each thing that became of some of the leads."""
    accepted = [one for one in answers if one.status == ReturnStatus.ACCEPTED]
    waiting = sum(one.status == ReturnStatus.WAITING for one in answers)
    refused = sum(one.verdict.refusal is not None for one in answers)
    if accepted:
        credit = dollars(sum((one.amount for one in accepted), Decimal(0)))
        messages.success(request, f"{_leads(len(accepted))} returned. {credit} credited to your balance.")
    if waiting:
        verb = "waits" if waiting == 1 else "wait"
        messages.info(request, f"{_leads(waiting)} {verb} for review by our staff. We’ll tell you what they decide.")
    if refused:
        messages.warning(request, f"{_leads(refused)} not returned.")


def _leads(many: int) -> str:
    return "1 lead" if many == 1 else f"{many:,} leads"


def _faults_now(order: Order, sales: Sequence[Sale], request: Request) -> list[Answered]:
    """What keeps each lead from being returned whatever the reason is."""
    asked = [Asked(sale_id=sale.id, reason=ReturnReason.DISCONNECTED) for sale in sales]
    return returns_preview(client_id=order.client_id, asked=asked, as_of=request.as_of)


def _selected(request: Request, order: Order) -> list[Sale]:
    """The sales of the order that the request names. Others are left out."""
    named = (request.POST if request.method == "POST" else request.GET).getlist("sale")[:MOST_AT_ONCE]
    ids = []
    for text in named:
        try:
            ids.append(UUID(text))
        except ValueError:
            continue
    sales = Sale.objects.filter(order=order, id__in=ids).select_related("lead")
    return list(sales.order_by("line_number", "id"))


def _order_or_404(request: Request, order_id: UUID) -> Order:
    order = Order.objects.filter(client_id=_client_id(request), id=order_id).first()
    if order is None:
        raise Http404
    return order


def _client_id(request: Request) -> UUID:
    assert request.user.client_id is not None
    return request.user.client_id
