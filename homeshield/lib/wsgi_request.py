from typing import Any

from django.core.exceptions import BadRequest
from django.core.handlers.wsgi import WSGIRequest


class ForgivingRequest(WSGIRequest):
    """Treats an unreadable Content-Type as none. Django reads it before any middleware, so an error there would have no
    page, request id or log line.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]
        except (BadRequest, ValueError):
            self.content_type, self.content_params = "", {}
