"""Texts that the shop's owner writes in plain files: what its company is, its terms, its privacy policy.

An empty line ends a paragraph. A line that begins with `# ` is a heading, lines that begin with `- ` are a list.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Block:
    """A heading or a paragraph has one line; a list has one for each item."""

    kind: str
    lines: list[str]


def blocks(text: str) -> Iterator[Block]:
    """The text in pieces for a template, which escapes them."""
    for part in re.split(r"\n\s*\n", text.strip()):
        for kind, lines in groupby(part.splitlines(), key=_kind):
            pieces = [line.strip().removeprefix("- ").lstrip("#").strip() for line in lines]
            yield from (
                [Block(kind, [" ".join(pieces)])] if kind == "paragraph"
                else [Block(kind, pieces)] if kind == "list"
                else [Block(kind, [piece]) for piece in pieces]
            )  # fmt: skip


def _kind(line: str) -> str:
    if re.match(r"\s*#+ ", line):
        return "heading"
    return "list" if re.match(r"\s*- ", line) else "paragraph"
