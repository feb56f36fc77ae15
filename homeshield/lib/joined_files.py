"""Style sheets and scripts are written in parts and served whole (docs/decisions/0029-few-files.md)."""

import re
from collections.abc import Iterator
from typing import Any, override

from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage  # type: ignore[import-untyped]

_IMPORTS = {
    "css/": re.compile(r'^@import url\("([\w-]+\.css)"\);$', re.MULTILINE),
    "js/": re.compile(r'^import "\./([\w-]+\.js)";$', re.MULTILINE),
}


class JoinedFilesStorage(CompressedManifestStaticFilesStorage):
    """Puts what a file imports from its own folder in the import's place, so that a browser asks for one file.

    In development the files are served as they are written, and the browser follows the imports.
    """

    @override
    def post_process(self, paths: dict[str, Any], *arguments: Any, **options: Any) -> Iterator[tuple[Any, ...]]:
        joined = InMemoryStorage()
        for name in paths:
            folder = name[: name.rfind("/") + 1]
            if folder in _IMPORTS and (whole := _whole(name, folder, paths)):
                joined.save(name, ContentFile(whole.encode()))
                paths[name] = joined, name
        yield from super().post_process(paths, *arguments, **options)


def _whole(name: str, folder: str, paths: dict[str, Any]) -> str | None:
    """The file with its parts, or None if it imports none. Raises ValueError for a part that is missing."""

    def part(found: re.Match[str]) -> str:
        if folder + found[1] not in paths:
            raise ValueError(f"{name} imports {found[1]}, which is not beside it.")
        return _read(folder + found[1], paths)

    text = _read(name, paths)
    whole = _IMPORTS[folder].sub(part, text)
    return None if whole == text else whole


def _read(name: str, paths: dict[str, Any]) -> str:
    storage, path = paths[name]
    with storage.open(path) as file:
        text: str = file.read().decode()
    return text
