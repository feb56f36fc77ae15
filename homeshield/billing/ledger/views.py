from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_safe

from homeshield.accounts.access import requires
from homeshield.accounts.limits import limited
from homeshield.accounts.permissions import Act
from homeshield.audit.actions import AuditAction
from homeshield.audit.services import audit_record
from homeshield.billing.ledger.csv_rows import CLIENT_HEADER, client_rows, ledger_csv
from homeshield.billing.ledger.selectors import balance_of, ledger_page
from homeshield.lib.http import Request


@requires(Act.BALANCE)
@require_safe
def balance_show(request: Request) -> HttpResponse:
    """The company's balance, and what happened on its account."""
    assert request.user.client_id is not None
    context = {
        "account": balance_of(request.user.client_id),
        "page": ledger_page(client_id=request.user.client_id, cursor=request.GET.get("cursor")),
    }
    return render(request, "billing/balance.html", context)


@requires(Act.BALANCE)
@limited("download", method="GET")
@require_GET
def ledger_download(request: Request) -> StreamingHttpResponse:
    """The same as a CSV, from the first entry on."""
    client_id = request.user.client_id
    assert client_id is not None
    audit_record(action=AuditAction.LEDGER_DOWNLOAD, client_id=client_id, as_of=request.as_of)
    return ledger_csv(CLIENT_HEADER, client_rows(client_id), as_of=request.as_of)
