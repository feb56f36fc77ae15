"""Which orders a request may see: its own company's."""

from uuid import UUID

from django.http import Http404

from homeshield.lib.http import Request
from sales.models import Order
from sales.selectors import order_get


def order_or_404(request: Request, order_id: UUID) -> Order:
    """The order with its lines, for a view behind `requires`. Raises Http404, also for another company's order:
    nobody learns that it is there."""
    assert request.user.client_id is not None
    try:
        return order_get(client_id=request.user.client_id, order_id=order_id)
    except Order.DoesNotExist:
        raise Http404 from None
