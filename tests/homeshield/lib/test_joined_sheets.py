"""Sheets in parts are served whole, under a name that changes with each part."""

from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage

from homeshield.lib.joined_sheets import JoinedSheetsStorage

SHEETS = {
    "css/site.css": '/* All. */\n\n@import url("type.css");\n@import url("base.css");\n',
    "css/type.css": 'b { src: url("../x.svg"); }\n',
    "css/base.css": "a { color: red; }\n",
    "x.svg": "<svg/>",
}


def collected(folder: Path, **changed: str | None) -> dict[str, str]:
    """As collectstatic does it: the name under which each file is served. Raises what is wrong."""
    sources, root = folder / "sources", folder / "root"
    files = {name: text for name, text in (SHEETS | changed).items() if text is not None}
    for name, text in files.items():
        for place in (sources / name, root / name):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
    storage = JoinedSheetsStorage(location=root, base_url="/static/")
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
    whole = (tmp_path / "root" / served["css/site.css"]).read_text(encoding="utf-8")
    assert whole == f'/* All. */\n\nb {{ src: url("../{served["x.svg"]}"); }}\n\na {{ color: red; }}\n\n'


def test_a_changed_part_changes_the_name_of_the_whole(tmp_path: Path) -> None:
    before, after = collected(tmp_path), collected(tmp_path, **{"css/base.css": "a { color: blue; }\n"})
    assert {name for name in SHEETS if before[name] != after[name]} == {"css/site.css", "css/base.css"}


def test_a_part_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"The file 'css/base\.css' could not be found"):
        collected(tmp_path, **{"css/base.css": None})
