"""Files of numbers become keys while they are received: no number is written to a disk or a table.

What stands in front of the shop may hold the request's body on disk until it is whole (docs/serving.md).
"""

from typing import cast, override

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from homeshield.accounts.access import ClientView
from homeshield.accounts.uploads import takes_files
from inventory.suppression.errors import ListTooLarge, UnreadableUpload
from inventory.suppression.recognition import Recognised, Recogniser

FIELD = "file"


class KeyedFile(UploadedFile[bytes]):
    """A file of which only keys are left: `recognised`, or why it was refused."""

    def __init__(self, recogniser: Recogniser, refusal: UnreadableUpload | None, size: int) -> None:
        super().__init__(name="list", size=size)
        self.recogniser, self.refusal = recogniser, refusal

    @property
    def recognised(self) -> Recognised:
        """Raises UnreadableUpload."""
        if self.refusal:
            raise self.refusal
        return self.recogniser.finish()


class KeyingHandler(FileUploadHandler):
    """Hands each piece of a file on to a Recogniser, and keeps none."""

    @override
    def new_file(self, *args: object, **kwargs: object) -> None:
        super().new_file(*args, **kwargs)  # type: ignore[arg-type]  # whatever Django hands on
        self.recogniser, self.refusal = Recogniser(), cast("UnreadableUpload | None", None)

    @override
    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """A refused file is read to its end: whoever sends it takes no answer before."""
        if self.refusal is None:
            try:
                self.recogniser.feed(raw_data)
            except UnreadableUpload as refusal:
                self.refusal = refusal

    @override
    def file_complete(self, file_size: int) -> KeyedFile | None:
        return KeyedFile(self.recogniser, self.refusal, file_size) if file_size else None


def takes_a_list[**P](view: ClientView[P]) -> ClientView[P]:
    """A view whose form may have a file of numbers; see `takes_files`."""
    return takes_files(
        view,
        KeyingHandler,
        most=lambda: settings.LIST_MAX_BODY_BYTES,
        too_large=lambda most: ListTooLarge(megabytes=most // 1_048_576),
    )
