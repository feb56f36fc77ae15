"""The front door: nginx, which holds visitors' connections, and gunicorn behind it, which never waits for one.

`manage.py serve` starts both (docs/decisions/0020-nginx-at-the-front.md says why).
"""

REQUEST_LINE = 65_536
"""Bytes of a request line at most. A download names up to a thousand sales: 39 kB where commas come as %2C."""
