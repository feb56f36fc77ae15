"""Settings: one file, read from the environment with types, loud where something is missing.

`.env.example` documents every variable. Without any, this is a development site: DEBUG on, reachable from
this machine only, on the embedded PostgreSQL. Naming a SECRET_KEY makes it a production site.
"""

from pathlib import Path
from typing import Any
from urllib.parse import unquote

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from homeshield.lib.pool_check import check_connection

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")  # the process's own environment wins over the file

# --- Development or production -----------------------------------------------------------------------------
# A forgotten SECRET_KEY must not become a public site with a known key: without one, only loopback is served.

SECRET_KEY = env.str("SECRET_KEY", default="")
DEBUG = env.bool("DEBUG", default=not SECRET_KEY)
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured(
            "SECRET_KEY is missing. With DEBUG off the site needs one: set it to 50 or more random characters, "
            'for example with: python -c "import secrets; print(secrets.token_urlsafe(50))"'
        )
    SECRET_KEY = "development-only-" + "0" * 40
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# --- Database ----------------------------------------------------------------------------------------------


def database_from_environment() -> dict[str, Any]:
    """The one database: the server that DATABASE_URL names, or the embedded one where it names none.

    Raises ImproperlyConfigured for anything but PostgreSQL: allocation stands on its row locks.
    """
    if url := env.str("DATABASE_URL", default=""):
        scheme = url.partition(":")[0]
        if scheme not in {"postgres", "postgresql", "psql", "pgsql"}:
            raise ImproperlyConfigured(
                f"DATABASE_URL names a {scheme!r} database, but HomeShield runs on PostgreSQL 15 or later alone "
                "(row locks, triggers and partial indexes keep its promises; SQLite has none of them that suffice). "
                "Set it to postgres://USER:PASSWORD@HOST:5432/NAME, or remove it to use the embedded PostgreSQL."
            )
        database: dict[str, Any] = dict(env.db_url_config(url, engine="django.db.backends.postgresql"))
    else:
        database = {"ENGINE": "homeshield.lib.embedded_engine", "NAME": "homeshield"}
    database["CONN_HEALTH_CHECKS"] = True  # a restarted database costs one check, not failed requests
    database["HOST"] = unquote(database.get("HOST", ""))  # a socket's folder stands percent-encoded in a URL
    database.setdefault("OPTIONS", {})["pool"] = {
        "min_size": 0,
        "max_size": env.int("DATABASE_POOL_SIZE", default=20),  # at least the threads of a web worker
        "timeout": 10,
        "check": check_connection,
    }
    database["TEST"] = {"NAME": env.str("TEST_DATABASE_NAME", default="test_homeshield")}
    return database


DATABASES = {"default": database_from_environment()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# The cache holds the sign-in rate limits, which all workers share; its table comes with the accounts' migrations.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}

# --- Applications ------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "homeshield",
    "homeshield.accounts",
    "leads",
    "inventory",
    "pricing",
    "sales",
    "exports",
    "allauth",
    "allauth.account",
    "django_htmx",
    "ninja",
    "pgtrigger",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "homeshield.middleware.ApiMiddleware",
    "homeshield.middleware.InstantMiddleware",
    "homeshield.middleware.DomainErrorMiddleware",
]

ROOT_URLCONF = "homeshield.urls"
WSGI_APPLICATION = "homeshield.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --- Accounts ----------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "homeshield.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "HomeShield: "

# --- API ---------------------------------------------------------------------------------------------------
# For each key, over all workers. What is not used is saved up to so many calls, which may then come at once.

API_CALLS_PER_MINUTE = env.int("API_CALLS_PER_MINUTE", default=600)
API_CALLS_AT_ONCE = env.int("API_CALLS_AT_ONCE", default=100)
API_MAX_BODY_BYTES = env.int("API_MAX_BODY_BYTES", default=262_144)  # 1000 ids are 40 kB
if API_CALLS_PER_MINUTE < 1 or API_CALLS_AT_ONCE < 1:
    raise ImproperlyConfigured("API_CALLS_PER_MINUTE and API_CALLS_AT_ONCE are whole numbers from 1 on.")

# --- E-mail ------------------------------------------------------------------------------------------------


def mailer_from_environment() -> dict[str, Any]:
    """The mailer: the server that EMAIL_URL names; in development the console."""
    if not (url := env.str("EMAIL_URL", default="")):
        return {"BACKEND": "django.core.mail.backends.console.EmailBackend"}
    mail = env.email_url_config(url)
    return {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": mail["EMAIL_HOST"],
            "port": mail["EMAIL_PORT"],
            "username": mail["EMAIL_HOST_USER"] or "",
            "password": mail["EMAIL_HOST_PASSWORD"] or "",
            "use_tls": bool(mail.get("EMAIL_USE_TLS", False)),
            "use_ssl": bool(mail.get("EMAIL_USE_SSL", False)),
            "timeout": 10,
        },
    }


MAILERS = {"default": mailer_from_environment()}
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="HomeShield <no-reply@homeshield.example>")

# --- Language and time: every instant is UTC ----------------------------------------------------------------

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
FORMAT_MODULE_PATH = "homeshield.formats"  # instants to the second

# --- Static files ------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- Security ----------------------------------------------------------------------------------------------

SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
if not DEBUG:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    if env.bool("BEHIND_TLS_PROXY", default=False):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Logs: no personal data, so no request bodies and no query parameters of the database ------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
}
