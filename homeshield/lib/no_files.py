"""No page takes files, but for those that bring a handler of their own."""

from typing import NoReturn, override

from django.core.exceptions import TooManyFilesSent
from django.core.files.uploadhandler import FileUploadHandler


class NoFiles(FileUploadHandler):
    """Refuses every file before it is read: 400."""

    @override
    def new_file(self, *args: object, **kwargs: object) -> NoReturn:
        raise TooManyFilesSent("This page takes no files.")

    @override
    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        raise NotImplementedError

    @override
    def file_complete(self, file_size: int) -> None:
        raise NotImplementedError
