from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from homeshield.accounts.access import requires
from homeshield.accounts.permissions import Act
from homeshield.audit.services import audit_seen
from homeshield.lib.http import Request
from homeshield.lib.signing import public_key
from sales.history.selectors import order_get, order_sales_page, orders_page
from sales.models import Order
from sales.returns.rules import returnable_until


@requires(Act.ORDERS)
@require_safe
def order_list(request: Request) -> HttpResponse:
    """The company's orders, newest first."""
    assert request.user.client_id is not None
    page = orders_page(client_id=request.user.client_id, cursor=request.GET.get("cursor"))
    return render(request, "sales/order_list.html", {"page": page})


@requires(Act.ORDERS)
@require_safe
def order_show(request: Request, order_id: UUID) -> HttpResponse:
    """Shows an order, with its leads for those who may see them."""
    order = order_or_404(request, order_id)
    page = None
    if Act.LEADS in request.user.acts:
        page = order_sales_page(order=order, cursor=request.GET.get("cursor"))
        audit_seen(obj=order, client_id=order.client_id, as_of=request.as_of)
    until = returnable_until(order.placed_at_utc, days=settings.RETURN_DAYS)
    context = {
        "order": order,
        "page": page,
        "certificate_key": public_key(),
        "returnable_until": until if Act.RETURN in request.user.acts and request.as_of < until else None,
    }
    return render(request, "sales/order_show.html", context)


def order_or_404(request: Request, order_id: UUID) -> Order:
    """Raises Http404, also for another company's order: nobody learns it exists."""
    assert request.user.client_id is not None
    try:
        return order_get(client_id=request.user.client_id, order_id=order_id)
    except Order.DoesNotExist:
        raise Http404 from None
