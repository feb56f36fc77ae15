"""A CSV of returns is held in memory while its page is made, and never written to a disk."""

from io import BytesIO
from typing import override

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from homeshield.accounts.access import ClientView
from homeshield.accounts.uploads import takes_files
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
    """A view whose form may have a CSV of returns; see `takes_files`."""
    return takes_files(
        view, HeldFile, most=lambda: MOST_BYTES, too_large=lambda most: ReturnsFileTooLarge(kilobytes=most // 1024)
    )
