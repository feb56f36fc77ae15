"""Style sheets are written in parts and served whole (docs/decisions/0029-few-style-sheets.md)."""

import re
from collections.abc import Iterator
from typing import Any, override

from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage  # type: ignore[import-untyped]

_FOLDER = "css/"
_IMPORT = re.compile(r'^@import url\("([\w-]+\.css)"\);$', re.MULTILINE)


class JoinedSheetsStorage(CompressedManifestStaticFilesStorage):
    """Puts what a sheet imports from its own folder in the import's place, so that a browser asks for one file.

    In development the sheets are served as they are written, and the browser follows the imports.
    """

    @override
    def post_process(self, paths: dict[str, Any], *arguments: Any, **options: Any) -> Iterator[tuple[Any, ...]]:
        joined = InMemoryStorage()
        for name in paths:
            if name.startswith(_FOLDER) and (whole := _whole(name, paths)):
                joined.save(name, ContentFile(whole.encode()))
                paths[name] = joined, name
        yield from super().post_process(paths, *arguments, **options)


def _whole(name: str, paths: dict[str, Any]) -> str | None:
    """The sheet with its parts, or None if it imports none. A missing part stays an import, and is refused."""
    text = _read(name, paths)
    whole = _IMPORT.sub(lambda found: _read(part, paths) if (part := _FOLDER + found[1]) in paths else found[0], text)
    return None if whole == text else whole


def _read(name: str, paths: dict[str, Any]) -> str:
    storage, path = paths[name]
    with storage.open(path) as file:
        text: str = file.read().decode()
    return text
