from typing import Any

from django.db import models
from django.http import HttpRequest, HttpResponse

from homeshield.audit.recorded_edits import client_of
from homeshield.audit.services import audit_seen


class RecordedViews:
    """For ModelAdmins that show personal data (homeshield/lib/personal_data.py). A test fails where it is missing."""

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: models.Model | None = None,
    ) -> HttpResponse:
        if obj is not None:
            audit_seen(obj=obj, client_id=client_of(obj), as_of=request.as_of)  # type: ignore[attr-defined]
        response: HttpResponse = super().render_change_form(request, context, add, change, form_url, obj)  # type: ignore[misc]
        return response
