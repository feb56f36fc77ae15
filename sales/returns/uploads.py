"""A CSV of returns is held in memory while its page is made, and never written to a disk."""

from functools import wraps
from io import BytesIO
from typing import override

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpResponseBase
from django.views.decorators.csrf import csrf_protect

from homeshield.accounts.access import ClientView
from homeshield.lib.http import Request
from sales.returns.errors import ReturnsFileTooLarge

MOST_BYTES = 4 * 1_048_576
"""A download of ten thousand purchased leads, with a column of reasons."""


class HeldFile(FileUploadHandler):
    """Keeps a file's bytes in memory. `takes_returns` bounds them."""

    @override
    def new_file(self, *args: object, **kwargs: object) -> None:
        super().new_file(*args, **kwargs)  # type: ignore[arg-type]  # whatever Django hands on
        self.held = BytesIO()

    @override
    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.held.write(raw_data)

    @override
    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self.held.seek(0)
        return InMemoryUploadedFile(
            file=self.held, field_name=self.field_name, name="returns.csv", content_type=self.content_type,
            size=file_size, charset=self.charset, content_type_extra=self.content_type_extra,
        )  # fmt: skip


def takes_returns[**P](view: ClientView[P]) -> ClientView[P]:
    """A view whose form may have a CSV of returns.

    To be put next to the view, with Django's `csrf_exempt` around everything: the check of the form's token reads the
    whole request, so it comes here, once it is known who sends it and the handler is there.
    """
    protected = csrf_protect(view)

    @wraps(view)
    def wrapped(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            raise ReturnsFileTooLarge(kilobytes=MOST_BYTES // 1024)
        request.upload_handlers = [HeldFile(request)]
        answer: HttpResponseBase = protected(request, *args, **kwargs)
        return answer

    return wrapped
