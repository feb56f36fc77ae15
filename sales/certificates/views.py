from datetime import UTC
from uuid import UUID

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from homeshield.accounts.access import requires
from homeshield.accounts.limits import limited
from homeshield.accounts.permissions import Act
from homeshield.lib.http import Request
from homeshield.lib.signing import public_key
from sales.certificates.document import certificate
from sales.history.views import order_or_404


@requires(Act.ORDERS)
@limited("download", method="GET")
@require_safe
def order_certificate(request: Request, order_id: UUID) -> HttpResponse:
    """Downloads an order's certificate. 404 for another company's order, and in a shop without CERTIFICATE_KEY."""
    order = order_or_404(request, order_id)
    if not public_key():
        raise Http404
    name = f"homeshield-certificate-{order.placed_at_utc.astimezone(UTC):%Y-%m-%d}-{order.id.hex[-8:]}.json"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return HttpResponse(certificate(order, as_of=request.as_of), content_type="application/json", headers=headers)
