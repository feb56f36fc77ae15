from datetime import UTC, datetime


def instant_text(instant: datetime) -> str:
    """`Jun 1, 2026, 12:00 PM UTC`: the one form for people. Pages show it in the reader's zone (static/js/page.js)."""
    utc = instant.astimezone(UTC)
    return f"{utc:%b} {utc.day}, {utc:%Y}, {utc.hour % 12 or 12}:{utc:%M %p} UTC"
