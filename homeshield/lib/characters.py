"""Invisible characters for a regular expression's brackets, in Python or PostgreSQL."""

BLANKS = r"\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
"""Unicode category Zs."""

INVISIBLE = (
    BLANKS
    + r"\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    + r"\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    + r"\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Blanks, controls, format characters, and Unicode's default ignorables."""
