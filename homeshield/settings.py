"""Settings, read from the environment with types. `.env.example` documents every variable.

Without any this is a development site: DEBUG on, this machine only, embedded PostgreSQL. With a SECRET_KEY it is a
production site, where a missing setting is an error.
"""

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from homeshield.lib import logs
from homeshield.lib.environment import choice, number, switch, text_file
from homeshield.lib.pool_check import check_connection

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")  # the process's environment wins

# --- Development or production -----------------------------------------------------------------------------
# Without SECRET_KEY only loopback is served: a forgotten one must not become a public site with a known key.

SECRET_KEY = env.str("SECRET_KEY", default="")
DEBUG = switch(env, "DEBUG", default=not SECRET_KEY)
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured(
            "SECRET_KEY is missing. With DEBUG off the site needs one: set it to 50 or more random characters, "
            'for example with: python -c "import secrets; print(secrets.token_urlsafe(50))"'
        )
    SECRET_KEY = "development-only-" + "0" * 40
# What earlier keys signed or encrypted (sessions, password links, cursors) stays valid.
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])
if weak := sum(len(key) < 50 for key in (SECRET_KEY, *SECRET_KEY_FALLBACKS)):
    raise ImproperlyConfigured(
        f"{weak} of the keys in SECRET_KEY and SECRET_KEY_FALLBACKS have fewer than 50 characters. Make each with: "
        'python -c "import secrets; print(secrets.token_urlsafe(50))"'
    )
# Stored keys of phone numbers depend on it (docs/security.md).
CONTACT_KEY = env.str("CONTACT_KEY", default="") or ("development-only-" + "1" * 40 if DEBUG else "")
if not CONTACT_KEY:
    raise ImproperlyConfigured(
        "CONTACT_KEY is missing. With a SECRET_KEY this is a production site, which knows a phone number again by a "
        "key made with it: set it once to 50 or more random characters, and never change it "
        '(python -c "import secrets; print(secrets.token_urlsafe(50))").'
    )
if len(CONTACT_KEY) < 50:
    raise ImproperlyConfigured(
        "CONTACT_KEY has fewer than 50 characters. Phone numbers are few enough to be tried one by one with a short "
        'key. Make one with: python -c "import secrets; print(secrets.token_urlsafe(50))"'
    )
# Signs certificates of orders. A production site without it offers none.
CERTIFICATE_KEY = env.str("CERTIFICATE_KEY", default="") or ("development-only-" + "2" * 40 if DEBUG else "")
if CERTIFICATE_KEY and len(CERTIFICATE_KEY) < 50:
    raise ImproperlyConfigured(
        "CERTIFICATE_KEY has fewer than 50 characters, so that somebody could find it out and sign for this shop. Make "
        'one with: python -c "import secrets; print(secrets.token_urlsafe(50))"'
    )


def seller_from_environment() -> dict[str, str]:
    """Who sells, as documents say it: name, address, tax ID and email address. A document keeps those of its day."""
    parts = {name: env.str(f"SELLER_{name.upper()}", default="").strip() for name in _SELLER}
    for name, text in parts.items():
        if len(text) > _SELLER[name]:
            raise ImproperlyConfigured(
                f"SELLER_{name.upper()} has {len(text)} characters, but at most {_SELLER[name]} fit on an invoice."
            )
        if not text.isprintable():
            raise ImproperlyConfigured(
                f"SELLER_{name.upper()} has line breaks or invisible characters. Write it on one line, the lines of an "
                "address with semicolons between."
            )
    if DEBUG:
        parts = {name: text or _DEVELOPMENT_SELLER[name] for name, text in parts.items()}
    for name in ("name", "address"):
        if not parts[name]:
            raise ImproperlyConfigured(
                f"SELLER_{name.upper()} is missing. With a SECRET_KEY this is a production site, whose invoices say "
                "who sells. Set SELLER_NAME to the company's legal name, and SELLER_ADDRESS to its address, the lines "
                "with semicolons between: 1 Main Street; Springfield, IL 62701."
            )
    if parts["email"] and not _E_MAIL_ADDRESS.fullmatch(parts["email"]):
        raise ImproperlyConfigured("SELLER_EMAIL is no email address. Write one, such as billing@shop.example.com.")
    lines = [line.strip() for line in parts["address"].split(";")]
    return parts | {"address": "\n".join(line for line in lines if line)}


_SELLER = {"name": 200, "address": 500, "tax_id": 40, "email": 254}  # the most characters of each
_DEVELOPMENT_SELLER = {
    "name": "HomeShield (development)",
    "address": "1 Example Way; Springfield, IL 62701",
    "tax_id": "",
    "email": "billing@homeshield.example",
}
_E_MAIL_ADDRESS = re.compile(r"[^\s@:/,]+@[^\s@:/,]+")
SELLER = seller_from_environment()
# What strangers read on /company, /terms and /privacy, as the shop's owner wrote it (homeshield/site_texts.py).
ABOUT_TEXT, TERMS_TEXT, PRIVACY_TEXT = (
    text_file(env, name, folder=BASE_DIR) for name in ("ABOUT_FILE", "TERMS_FILE", "PRIVACY_FILE")
)
CONTACT_EMAIL = env.str("CONTACT_EMAIL", default="").strip() or SELLER["email"]
if CONTACT_EMAIL and not _E_MAIL_ADDRESS.fullmatch(CONTACT_EMAIL):
    raise ImproperlyConfigured("CONTACT_EMAIL is no email address. Write one, such as hello@shop.example.com.")
CONTACT_PHONE = env.str("CONTACT_PHONE", default="").strip()
if CONTACT_PHONE and not re.fullmatch(r"[+(\d][\d ().-]{5,24}", CONTACT_PHONE):
    raise ImproperlyConfigured(
        "CONTACT_PHONE is no phone number. Write digits, and blanks, dots, hyphens or parentheses between them."
    )
SHOW_SUPPLIERS = switch(env, "SHOW_SUPPLIERS", default=False)  # to buyers, of the leads they bought
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[]) or (
    ["localhost", "127.0.0.1", "[::1]"] if DEBUG else []
)
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS is missing. With a SECRET_KEY this is a production site: set it to the names under which it is "
        "reached, with commas, such as shop.example.com."
    )
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
BEHIND_TLS_PROXY = switch(env, "BEHIND_TLS_PROXY", default=False)
BEHIND_BUFFERING_PROXY = switch(env, "BEHIND_BUFFERING_PROXY", default=False)

# --- Database ----------------------------------------------------------------------------------------------
# No session state and no prepared statements: a pooler may switch connections between transactions (docs/scaling.md).

DATABASE_POOL_SIZE = number(env, "DATABASE_POOL_SIZE", default=20, least=1)  # at least a web worker's threads
REPLICA_MAX_LAG = number(env, "REPLICA_MAX_LAG", default=5, least=1)  # seconds


def database_from_environment() -> dict[str, Any]:
    """The server of DATABASE_URL; in development without one, the embedded server.

    Raises ImproperlyConfigured for anything but PostgreSQL: allocation needs its row locks.
    """
    if url := env.str("DATABASE_URL", default=""):
        database = _database_of(url, "DATABASE_URL", otherwise="remove it to use the embedded PostgreSQL")
    elif url := env.str("WEB_DATABASE_URL", default=""):  # spares web processes the owner's password
        database = _database_of(url, "WEB_DATABASE_URL", otherwise="remove it to use the embedded PostgreSQL")
    elif DEBUG:
        database = _usual({"ENGINE": "homeshield.lib.embedded_engine", "NAME": "homeshield"})
    else:
        raise ImproperlyConfigured(
            "DATABASE_URL is missing. With a SECRET_KEY this is a production site, which never uses the embedded "
            "PostgreSQL of development: set DATABASE_URL to postgres://USER:PASSWORD@HOST:5432/NAME (a web process "
            "needs WEB_DATABASE_URL alone)."
        )
    database["OPTIONS"]["pool"] = _pool()
    database["TEST"] = {"NAME": env.str("TEST_DATABASE_NAME", default="") or "test_homeshield"}
    return database


def web_database_from_environment() -> dict[str, Any] | None:
    """A login, because whoever can run a statement can undo SET ROLE."""
    if not (url := env.str("WEB_DATABASE_URL", default="")):
        return None
    database = _database_of(url, "WEB_DATABASE_URL", otherwise="remove it to serve pages as the owner of the tables")
    if not database["USER"]:
        raise ImproperlyConfigured("WEB_DATABASE_URL names no user. Set it to postgres://USER:PASSWORD@HOST:5432/NAME.")
    database["OPTIONS"]["pool"] = _pool()
    return {key: database[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")}


def replica_from_environment() -> dict[str, Any] | None:
    """The replica for browsing (homeshield/lib/replica.py).

    No pool: it would retry a dead server for seconds and hide the reason.
    """
    if not (url := env.str("REPLICA_URL", default="")):
        return None
    database = _database_of(url, "REPLICA_URL", otherwise="remove it to read everything from the one database")
    database["OPTIONS"].setdefault("connect_timeout", 2)
    database["CONN_MAX_AGE"] = 60
    database["TEST"] = {"MIRROR": "default"}
    return database


def _pool() -> dict[str, Any]:
    """Waits ten seconds, then 503. Not less: the pool retries with doubling pauses, so requests in an outage of 4 s
    were answered after 8 s (measured).
    """
    return {"min_size": 0, "max_size": DATABASE_POOL_SIZE, "timeout": 10, "check": check_connection}


def _usual(database: dict[str, Any]) -> dict[str, Any]:
    database["CONN_HEALTH_CHECKS"] = True  # a restarted database costs a check, not failed requests
    database["HOST"] = unquote(database.get("HOST", ""))  # a socket's folder is percent-encoded
    options = database.setdefault("OPTIONS", {})
    options["prepare_threshold"] = None
    pooled = database["DISABLE_SERVER_SIDE_CURSORS"] = switch(env, "DATABASE_POOLER", default=False)
    if not pooled:  # PgBouncer refuses startup options: docs/scaling.md
        # JIT slows short queries: counting took 60 ms instead of 2. The URL's own options win.
        options["options"] = f"-c jit=off {options.get('options', '')}".rstrip()
    return database


def _database_of(url: str, variable: str, *, otherwise: str) -> dict[str, Any]:
    """Parses a URL. No error may repeat it: it holds a password."""
    mending = f"Set it to postgres://USER:PASSWORD@HOST:5432/NAME, or {otherwise}."
    scheme, mark, _ = url.partition("://")
    if not mark:
        raise ImproperlyConfigured(f"{variable} is not a URL. {mending}")
    if scheme not in {"postgres", "postgresql", "psql", "pgsql"}:
        raise ImproperlyConfigured(
            f"{variable} names a {scheme!r} database, but HomeShield runs on PostgreSQL 15 or later alone "
            f"(row locks, triggers and partial indexes keep its promises; SQLite has none of them that suffice). "
            f"{mending}"
        )
    try:
        database: dict[str, Any] = dict(env.db_url_config(url, engine="django.db.backends.postgresql"))
    except ValueError:
        raise ImproperlyConfigured(
            f"{variable} cannot be read: behind the host's colon stands no port from 0 to 65535. Special characters "
            f"in the user and the password are written as %XX (%2F for /, %40 for @, %3A for :). {mending}"
        ) from None
    if not database["NAME"]:
        raise ImproperlyConfigured(f"{variable} names a server but no database on it. {mending}")
    return _usual(database)


DATABASES = {"default": database_from_environment()}
if replica := replica_from_environment():
    DATABASES["replica"] = replica
WEB_DATABASE = web_database_from_environment()
if WEB_DATABASE and replica and replica["USER"] != WEB_DATABASE["USER"]:
    raise ImproperlyConfigured(
        f"REPLICA_URL connects as {replica['USER']!r}, but the web process's role is {WEB_DATABASE['USER']!r}: pages "
        "would read past the policies that bind it. Name the user of WEB_DATABASE_URL in REPLICA_URL."
    )
DATABASE_ROUTERS = ["homeshield.lib.replica.Router"]
PGTRIGGER_MIGRATIONS = False  # `migrate` applies the models' triggers (homeshield/apps.py)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# All workers share the sign-in rate limits. The accounts' migrations create the table.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}
# `manage.py db_worker` runs them (docs/background.md).
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# --- Applications ------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "homeshield",
    "homeshield.audit",
    "homeshield.accounts",
    "homeshield.billing",
    "leads",
    "inventory",
    "pricing",
    "sales",
    "exports",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "django_tasks_db",
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
    "homeshield.middleware.OriginMiddleware",  # outermost: every answer has a request id
    "homeshield.middleware.HeadersMiddleware",  # early: other middleware's refusals need the headers
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "homeshield.middleware.ApiMiddleware",  # puts other middleware's refusals in the API's shape
    "homeshield.compression.AnswerCompressionMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "homeshield.accounts.sessions.IdleMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "homeshield.middleware.UnreadableInputMiddleware",
    "homeshield.middleware.StaffSecondFactorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "homeshield.middleware.ViewerMiddleware",
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
                "homeshield.accounts.context.account_settings",
            ],
        },
    }
]

# --- Accounts ----------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["homeshield.accounts.backends.SignInBackend"]
PASSWORD_HASHERS = ["homeshield.accounts.hashers.Argon2Hasher", "homeshield.accounts.hashers.EarlierHasher"]
# A quarter of the threads may hash and a quarter wait to: the others serve pages.
PASSWORD_HASHES_AT_ONCE = number(
    env, "PASSWORD_HASHES_AT_ONCE", default=max(1, number(env, "WEB_THREADS", default=8, least=1) // 4), least=1
)
PASSWORD_HASHES_WAITING = number(env, "WEB_THREADS", default=8, least=1) // 4
PASSWORD_WAIT = 5  # seconds
PASSWORDS_PER_MINUTE = number(env, "PASSWORDS_PER_MINUTE", default=30, least=1)  # per address
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
# Since the session's last request (homeshield/accounts/sessions.py).
SESSION_IDLE_MINUTES = number(env, "SESSION_IDLE_MINUTES", default=12 * 60, least=2)
STAFF_SESSION_IDLE_MINUTES = number(env, "STAFF_SESSION_IDLE_MINUTES", default=60, least=2)
SESSION_COOKIE_AGE = 60 * SESSION_IDLE_MINUTES
CLIENTS_NEED_APPROVAL = switch(env, "CLIENTS_NEED_APPROVAL", default=True)
STAFF_NEED_SECOND_FACTOR = not DEBUG
ACCOUNT_ADAPTER = "homeshield.billing.sign_up.PrepaidAccountAdapter"
# Of a company that signs up, in whole dollars: how far its orders may take the balance below zero.
SIGN_UP_CREDIT_LIMIT = number(env, "SIGN_UP_CREDIT_LIMIT", default=0, least=0)
USERSESSIONS_ADAPTER = "homeshield.accounts.adapter.SessionsAdapter"
ACCOUNT_SIGNUP_FORM_CLASS = "homeshield.accounts.sign_up.CompanyForm"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
# By a mailed code, before the first sign-in.
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_CHANGE_EMAIL = True  # one per user; a new one counts once verified
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # before changing how to sign in
# Users of social sign-in have no password: a mailed code replaces it.
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "HomeShield: "
# For rate limits: without X-Forwarded-For all visitors would count as one.
ALLAUTH_TRUSTED_PROXY_COUNT = number(env, "TRUSTED_PROXY_COUNT", default=1 if BEHIND_TLS_PROXY else 0, least=0)
# Wrong passwords are counted by address and account, or by browser if it has signed in before; and by account over all
# unknown browsers. This stops guessing from many addresses without locking out the owner or others in an office.
ACCOUNT_RATE_LIMITS = {
    "login": "120/m/ip",
    "login_failed": "5/5m/key,60/m/ip",
    "login_failed_elsewhere": "30/h/key",
    "signup": "20/h/ip",
    "confirm_email": "3/5m/key",  # another code, or a sign-in before the first arrived
    "reset_password": "20/m/ip,5/h/key",
    "request_login_code": "20/m/ip,5/h/key",  # reauthentication
}

# Pages only; API keys have their own rate. A purchase takes locks, an export holds personal data, an invitation sends
# mail, and a payment page tries cards.
USER_RATE_LIMITS = {
    "purchase": "60/m/user",
    "return": "60/m/user",
    "download": "60/m/user",
    "invite": "30/h/user",
    "upload": "30/h/user",
    "pay": "30/h/user",
}

# What visitors do without an account: ask to be opted out, and try a code that was sent to their phone.
VISITOR_RATE_LIMITS = {"opt_out": "10/h/ip,5/h/key", "opt_out_code": "30/h/ip"}

MFA_ADAPTER = "homeshield.accounts.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "HomeShield"
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be off by 30 seconds
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG  # http://localhost

# A service is on if its credentials are set. The origins are for form-action.
SOCIAL_ORIGINS = {
    "google": "https://accounts.google.com",
    "microsoft": "https://login.microsoftonline.com",
    "github": "https://github.com",
}


def social_sign_in_from_environment() -> dict[str, Any]:
    """Reads GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET, and those of MICROSOFT and GITHUB."""
    providers: dict[str, Any] = {}
    for name in SOCIAL_ORIGINS:
        client_id, secret = (env.str(f"{name.upper()}_CLIENT_{part}", default="") for part in ("ID", "SECRET"))
        if bool(client_id) != bool(secret):
            raise ImproperlyConfigured(
                f"{name.upper()}_CLIENT_ID and {name.upper()}_CLIENT_SECRET belong together, and one of them is "
                "missing. Set both, or neither to do without that way to sign in."
            )
        if client_id:
            providers[name] = {"APPS": [{"client_id": client_id, "secret": secret}], "OAUTH_PKCE_ENABLED": True}
    return providers


SOCIALACCOUNT_PROVIDERS = social_sign_in_from_environment()
SOCIALACCOUNT_ADAPTER = "homeshield.accounts.social.SocialAdapter"
SOCIALACCOUNT_AUTO_SIGNUP = False  # the company's name is missing
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False  # a service's address must not open an account here
if SOCIALACCOUNT_PROVIDERS:
    INSTALLED_APPS += ["allauth.socialaccount"]
    INSTALLED_APPS += [f"allauth.socialaccount.providers.{name}" for name in SOCIALACCOUNT_PROVIDERS]

# --- Payments (docs/payments.md) ---------------------------------------------------------------------------
# Without a Stripe account the shop takes transfers alone, which staff record.


def stripe_from_environment() -> tuple[str, list[str], str, str]:
    """Secret key, webhook secrets, where its API is (empty: at Stripe), and the origin of its payment page.

    No error may repeat a key.
    """
    key: str = env.str("STRIPE_SECRET_KEY", default="")
    secrets: list[str] = env.list("STRIPE_WEBHOOK_SECRET", default=[])
    base: str = env.str("STRIPE_API_BASE", default="").rstrip("/")  # for tests
    origin: str = env.str("STRIPE_CHECKOUT_ORIGIN", default="").rstrip("/") or base or "https://checkout.stripe.com"
    if bool(key) != bool(secrets):
        raise ImproperlyConfigured(
            "STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET belong together, and one of them is missing: without the "
            "second, money would be taken and never credited. Set both, or neither to take transfers alone."
        )
    if key and not re.fullmatch(r"[sr]k_(live|test)_[A-Za-z0-9_]+", key):
        raise ImproperlyConfigured(
            "STRIPE_SECRET_KEY is not a secret key: these begin with sk_live_, rk_live_, sk_test_ or rk_test_. "
            "(pk_ begins the publishable key, which is not needed.)"
        )
    if not all(re.fullmatch(r"whsec_[A-Za-z0-9+/=_-]+", secret) for secret in secrets):
        raise ImproperlyConfigured(
            "STRIPE_WEBHOOK_SECRET is not a signing secret: these begin with whsec_. Stripe shows it beside the "
            "webhook endpoint. Write two with a comma while you replace one by the other."
        )
    if base and not DEBUG:
        raise ImproperlyConfigured(
            "STRIPE_API_BASE is for tests, and a production site would send its key there. Remove it."
        )
    if not re.fullmatch(r"https?://[^/\s;,']+", origin):
        raise ImproperlyConfigured(
            "STRIPE_CHECKOUT_ORIGIN (or STRIPE_API_BASE) is not an origin such as https://pay.example.com, without a "
            "path. Leave it empty unless your Stripe account has a domain of its own for its payment page."
        )
    return key, secrets, base, origin


STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRETS, STRIPE_API_BASE, STRIPE_CHECKOUT_ORIGIN = stripe_from_environment()
BANK_TRANSFER_DETAILS = env.str("BANK_TRANSFER_DETAILS", default="", multiline=True).strip()

# --- Web server --------------------------------------------------------------------------------------------
# Where `manage.py serve` listens (homeshield/front/).

WEB_LISTEN: list[str] = env.list("WEB_LISTEN", default=[])
WEB_LISTEN_TLS: list[str] = env.list("WEB_LISTEN_TLS", default=[])
TLS_CERTIFICATE = env.str("TLS_CERTIFICATE", default="")
TLS_CERTIFICATE_KEY = env.str("TLS_CERTIFICATE_KEY", default="")
TRUSTED_PROXIES: list[str] = env.list("TRUSTED_PROXIES", default=[])
WEB_SPOOL_DIR = env.str("WEB_SPOOL_DIR", default="") or "/var/tmp"  # noqa: S108 - on disk; a folder of our own is made in it

# --- API ---------------------------------------------------------------------------------------------------
# Per key. Unused calls accumulate up to API_CALLS_AT_ONCE.

# Leads shown to a client before purchase, per UTC day.
PREVIEWS_PER_DAY = number(env, "PREVIEWS_PER_DAY", default=25_000, least=1)
API_CALLS_PER_MINUTE = number(env, "API_CALLS_PER_MINUTE", default=600, least=1)
API_CALLS_AT_ONCE = number(env, "API_CALLS_AT_ONCE", default=100, least=1)
API_ATTEMPTS_PER_MINUTE = number(env, "API_ATTEMPTS_PER_MINUTE", default=60, least=1)  # without a valid key
API_MAX_BODY_BYTES = number(env, "API_MAX_BODY_BYTES", default=262_144, least=1)  # 1000 ids are 40 kB
DATA_UPLOAD_MAX_MEMORY_SIZE = max(262_144, API_MAX_BODY_BYTES)
DATA_UPLOAD_MAX_NUMBER_FILES = 1
FILE_UPLOAD_HANDLERS = ["homeshield.lib.no_files.NoFiles"]  # the pages of suppression lists have one of their own
# A list of a million numbers or digests, with other columns (inventory/suppression/uploads.py).
LIST_MAX_BODY_BYTES = number(env, "LIST_MAX_BODY_BYTES", default=104_857_600, least=1)

# --- Returns (contract, "Return") --------------------------------------------------------------------------

RETURN_DAYS = number(env, "RETURN_DAYS", default=7, least=1)  # after the purchase
# Percent of what a client bought in 30 days that is credited at once; more waits for staff. 0: everything waits.
RETURN_CREDIT_SHARE = number(env, "RETURN_CREDIT_SHARE", default=20, least=0)
if RETURN_CREDIT_SHARE > 100:
    raise ImproperlyConfigured(
        f"RETURN_CREDIT_SHARE is {RETURN_CREDIT_SHARE}, but it is a percentage: at most 100 of what was bought."
    )

# --- Email ------------------------------------------------------------------------------------------------


def mailer_from_environment() -> dict[str, Any]:
    """Prints mail for `console:`, or in development without EMAIL_URL."""
    url = env.str("EMAIL_URL", default="") or ("console:" if DEBUG else "")
    if url == "console:":
        return {"BACKEND": "django.core.mail.backends.console.EmailBackend"}
    if not url:
        raise ImproperlyConfigured(
            "EMAIL_URL is missing, and nobody could sign up or reset a password. Set it to "
            "smtp+tls://USER:PASSWORD@HOST:587, smtp+ssl://USER:PASSWORD@HOST:465 or smtp://HOST:25; or to console: "
            "for a trial, where mails with their secret links are printed."
        )
    try:
        mail = env.email_url_config(url)
    except (ImproperlyConfigured, ValueError):
        mail = {}
    if not mail.get("EMAIL_HOST") or not url.startswith(("smtp://", "smtps://", "smtp+tls://", "smtp+ssl://")):
        raise ImproperlyConfigured(
            "EMAIL_URL names no mail server. Set it to smtp+tls://USER:PASSWORD@HOST:587, "
            "smtp+ssl://USER:PASSWORD@HOST:465 or smtp://HOST:25, with special characters of the user and the "
            "password as %XX; or to console: to see mails on the console."
        )
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


# After so many days the audit record keeps only a digest of a network address (manage.py retention).
AUDIT_ADDRESS_DAYS = number(env, "AUDIT_ADDRESS_DAYS", default=365, least=90)

# Who sends text messages: the dotted path of a function (homeshield/lib/text_messages.py); empty for nobody.
TEXT_MESSAGE_SENDER = env.str("TEXT_MESSAGE_SENDER", default="homeshield.lib.text_messages.console" if DEBUG else "")

MAILERS = {"default": mailer_from_environment()}
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="") or "HomeShield <no-reply@homeshield.example>"

# --- Language and time ----------------------------------------------------------------

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
FORMAT_MODULE_PATH = "homeshield.formats"  # to the second

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
        else "homeshield.lib.joined_files.JoinedFilesStorage"
    },
}

# --- /.well-known/security.txt --------------------------------------------------


def security_contacts_from_environment() -> list[str]:
    """URIs (RFC 9116), the best first."""
    contacts = []
    for text in env.list("SECURITY_CONTACT", default=[]):
        contact = f"mailto:{text}" if _E_MAIL_ADDRESS.fullmatch(text) else text
        if not _CONTACT.fullmatch(contact):
            raise ImproperlyConfigured(
                f"SECURITY_CONTACT holds {text!r}. Write an email address or an https:// address, or several with "
                "commas."
            )
        contacts.append(contact)
    return contacts


_CONTACT = re.compile(r"mailto:[^\s@:/,]+@[^\s@:/,]+|https://[^\s,]+|tel:\+[0-9-]+")
SECURITY_CONTACTS = security_contacts_from_environment()

# --- Security ----------------------------------------------------------------------------------------------

SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    # Browsers also ask it for redirects that follow a form.
    "form-action": [
        CSP.SELF,
        *(SOCIAL_ORIGINS[name] for name in SOCIALACCOUNT_PROVIDERS),
        *([STRIPE_CHECKOUT_ORIGIN] if STRIPE_SECRET_KEY else []),
    ],
    "frame-ancestors": [CSP.NONE],
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True  # no script reads it
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SAMESITE = "Lax"
if not DEBUG:
    SECURE_SSL_REDIRECT = switch(env, "SECURE_SSL_REDIRECT", default=True)
    # A load balancer takes a redirect for a failure; security.txt must be easy to find.
    SECURE_REDIRECT_EXEMPT = [r"^health$", r"^\.well-known/security\.txt$"]
    SECURE_HSTS_SECONDS = number(env, "SECURE_HSTS_SECONDS", default=31_536_000, least=0)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = switch(env, "SECURE_HSTS_INCLUDE_SUBDOMAINS", default=True)
    SECURE_HSTS_PRELOAD = switch(env, "SECURE_HSTS_PRELOAD", default=True)
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    # A __Host- name cannot be planted by a sibling domain.
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    if BEHIND_TLS_PROXY:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Logs: no personal data (homeshield/lib/logs.py) -----------

LOG_LEVEL = choice(env, "LOG_LEVEL", default="INFO", among=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))
LOG_FORMAT = choice(env, "LOG_FORMAT", default="lines" if DEBUG else "json", among=("json", "lines"))
logs.configure()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"log": {"()": "homeshield.lib.logs.formatter", "as_json": LOG_FORMAT == "json"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "log"}},
    "loggers": {
        "django": {"handlers": []},  # would repeat everything
        "django.db.backends": {"level": "INFO"},  # DEBUG logs statements with their values
        "django.server": {"handlers": [], "propagate": False},  # logs queries
        "stripe": {"level": "WARNING"},  # less logs what was asked and answered
        "urllib3": {"level": "INFO"},
        "gunicorn.access": {"handlers": [], "propagate": False},  # ours omits queries
        "gunicorn.error": {"handlers": ["stderr"], "propagate": False},
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
}
