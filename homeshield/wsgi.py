"""The WSGI callable that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from homeshield.lib.unread_bodies import reading_bodies
from homeshield.lib.web_database import connect_as_web
from homeshield.lib.wsgi_request import ForgivingRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "homeshield.settings")

handler = get_wsgi_application()
handler.request_class = ForgivingRequest
application = reading_bodies(handler)
connect_as_web()
_ = get_resolver().url_patterns  # imports every view now: after a reload no visitor waits for that
