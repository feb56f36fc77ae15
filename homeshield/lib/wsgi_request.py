"""The request as the web server hands it to Django."""

from typing import Any

from django.core.exceptions import BadRequest
from django.core.handlers.wsgi import WSGIRequest


class ForgivingRequest(WSGIRequest):
    """A Content-Type that cannot be read counts as none: Django looks at it before any middleware, so an error there
    has no page, no request id and no line in the log."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]
        except (BadRequest, ValueError):
            self.content_type, self.content_params = "", {}
