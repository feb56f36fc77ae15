"""Sheets and scripts in parts are served whole, under a name that changes with each part."""

import re
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage

from homeshield.lib.joined_files import JoinedFilesStorage

FILES = {
    "css/site.css": '/* All. */\n\n@import url("type.css");\n@import url("base.css");\n',
    "css/type.css": 'b { src: url("../x.svg"); }\n',
    "css/base.css": "a { color: red; }\n",
    "js/page.js": 'import "./part.js";\nuse();\n',
    "js/part.js": "(() => {})();\n",
    "x.svg": "<svg/>",
}


def collected(folder: Path, **changed: str | None) -> dict[str, str]:
    """As collectstatic does it: the name under which each file is served. Raises what is wrong."""
    sources, root = folder / "sources", folder / "root"
    files = {name: text for name, text in (FILES | changed).items() if text is not None}
    for name, text in files.items():
        for place in (sources / name, root / name):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
    storage = JoinedFilesStorage(location=root, base_url="/static/")
    paths = {name: (FileSystemStorage(sources), name) for name in files}
    names = {}
    for name, served, processed in storage.post_process(paths):
        if isinstance(processed, Exception):
            raise processed
        if not served.endswith(".gz"):
            names[name] = served
    return names


def test_the_parts_stand_where_they_were_imported(tmp_path: Path) -> None:
    served = collected(tmp_path)
    whole = {name: (tmp_path / "root" / served[name]).read_text(encoding="utf-8") for name in FILES}
    assert whole["js/page.js"] == "(() => {})();\n\nuse();\n"
    assert (
        whole["css/site.css"] == f'/* All. */\n\nb {{ src: url("../{served["x.svg"]}"); }}\n\na {{ color: red; }}\n\n'
    )


def test_a_changed_part_changes_the_name_of_the_whole(tmp_path: Path) -> None:
    before, after = collected(tmp_path), collected(tmp_path, **{"css/base.css": "a { color: blue; }\n"})
    assert {name for name in FILES if before[name] != after[name]} == {"css/site.css", "css/base.css"}


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("css/base.css", "css/site.css imports base.css, which is not beside it."),
        ("js/part.js", "js/page.js imports part.js, which is not beside it."),
    ],
)
def test_a_part_that_is_missing_is_an_error(tmp_path: Path, part: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        collected(tmp_path, **{part: None})
