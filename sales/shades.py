"""How dark a count is drawn, on maps and in the table of classes and ages."""

from math import ceil, sqrt

SHADES = 5
"""Tints above "none"."""


def shade(count: int, largest: int) -> int:
    """By the square root, because a few places have most of the stock. What has stock is never blank."""
    return ceil(SHADES * sqrt(count / largest)) if count > 0 else 0
