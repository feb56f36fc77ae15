"""nginx in front of gunicorn, which stalled visitors would block (docs/decisions/0020-nginx-at-the-front.md)."""

REQUEST_LINE = 65_536
"""Bytes. A download names up to a thousand sales: 39 kB with %2C for commas."""
