from datetime import UTC
from uuid import UUID

from django.http import StreamingHttpResponse
from django.views.decorators.http import require_GET

from exports.services import export_start_order, export_stream
from homeshield.accounts.access import requires
from homeshield.accounts.limits import limited
from homeshield.accounts.permissions import Act
from homeshield.lib.http import Request
from sales.history.views import order_or_404
from sales.models import Order


@requires(Act.DOWNLOAD)
@limited("download", method="GET")
@require_GET  # not HEAD: every request is recorded as an export
def order_download(request: Request, order_id: UUID) -> StreamingHttpResponse:
    """Downloads an order's leads. 404 for another company's order."""
    assert request.user.client_id is not None
    order = order_or_404(request, order_id)
    export = export_start_order(
        client_id=request.user.client_id, user=request.user, order_id=order.id, as_of=request.as_of
    )
    headers = {
        "Content-Disposition": f'attachment; filename="{_file_name(order)}"',
        "Cache-Control": "no-store",
    }
    return StreamingHttpResponse(export_stream(export), content_type="text/csv; charset=utf-8", headers=headers)


def _file_name(order: Order) -> str:
    """`homeshield-order-2026-03-14-4f1c09ab.csv`: the day (UTC) and the order id's random end."""
    return f"homeshield-order-{order.placed_at_utc.astimezone(UTC):%Y-%m-%d}-{order.id.hex[-8:]}.csv"
