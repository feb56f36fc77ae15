"""How the README starts the web server, for tests that do so."""

import sys

COMMAND = [sys.executable, "-m", "gunicorn", "--config", "python:homeshield.gunicorn_conf", "homeshield.wsgi"]
