from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from homeshield.accounts.access import requires
from homeshield.accounts.permissions import Act
from homeshield.lib.http import Request
from sales.history.views import order_or_404
from sales.invoicing.services import invoice_of


@requires(Act.DOCUMENTS)
@require_safe
def order_invoice(request: Request, order_id: UUID) -> HttpResponse:
    """Goes to the invoice of an order. 404 for another company's order."""
    return redirect("billing:document-show", invoice_of(order_or_404(request, order_id), as_of=request.as_of).id)
