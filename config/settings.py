"""Settings, read from the environment. Every deployment choice is a variable with a safe default.

A bad value stops the start and names itself. All state of the embedded default lies under `var/`.
"""

import os
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

BASE_DIR = Path(__file__).resolve().parent.parent


def given(name: str, default: str = "") -> str:
    """The variable `name`; an empty one is as good as none."""
    return os.environ.get(name, "").strip() or default


def choice(name: str, default: str, allowed: tuple[str, ...], as_compared: Callable[[str], str] = str) -> str:
    """The variable `name`, which must be one of `allowed`."""
    text = given(name, default)
    value = as_compared(text)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name}={text!r} is not one of {', '.join(allowed)}.")
    return value


def number(name: str, default: int, least: int, most: int) -> int:
    """The variable `name` as a whole number between `least` and `most`."""
    text = given(name, str(default))
    if not text.isdecimal() or not least <= int(text) <= most:
        raise ImproperlyConfigured(f"{name}={text!r} is not a whole number from {least} to {most}.")
    return int(text)


def switch(name: str, default: bool) -> bool:
    """The variable `name`, on or off."""
    yes, no = ("on", "true", "yes", "1"), ("off", "false", "no", "0")
    return choice(name, "on" if default else "off", (*yes, *no), str.lower) in yes


def address(name: str, default: str, schemes: tuple[str, ...]) -> str:
    """The variable `name`, empty or an address of one of `schemes`."""
    value = given(name, default)
    if value and not value.startswith(tuple(f"{scheme}:" for scheme in schemes)):
        shown = value.rpartition("@")[2]  # without a password
        raise ImproperlyConfigured(
            f"{name}={shown!r} does not start with {' or '.join(f'{each}://' for each in schemes)}."
        )
    return value


def listed(name: str, default: Sequence[str]) -> list[str]:
    """The variable `name` as a list, comma-separated."""
    return given(name, ",".join(default)).replace(" ", "").split(",")


def kept_secret(path: Path) -> str:
    """The secret in `path`, made on the first run, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(64))
    return path.read_text().strip()


VAR = Path(given("GAITMOS_VAR", str(BASE_DIR / "var")))
VAR.mkdir(parents=True, exist_ok=True)

# --- The site -----------------------------------------------------------------------------------
DEBUG = switch("DEBUG", default=False)
SECRET_KEY = given("SECRET_KEY") or kept_secret(VAR / "secret_key")
ALLOWED_HOSTS: list[str] = listed("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"])
PORT = number("PORT", 8000, 1, 65535)
SITE_URL = address("SITE_URL", f"http://127.0.0.1:{PORT}", ("http", "https")).rstrip("/")
HTTPS = SITE_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "django_htmx",
    "django_include_bootstrap",
    "import_export",
    "anonymizer",
    "recognition",
    "studies",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.methods.methods",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.site",
            ],
        },
    }
]

# --- Database -----------------------------------------------------------------------------------
# IMMEDIATE and WAL keep 200 raters writing at once from "database is locked"; FULL keeps an
# acknowledged vote through a power cut.
SQLITE_OPTIONS: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA mmap_size=134217728; "
        "PRAGMA journal_size_limit=27103364; PRAGMA cache_size=-20000; PRAGMA temp_store=MEMORY;"
    ),
}
DATABASES: dict[str, dict[str, Any]] = {
    "default": environ.Env.db_url_config(
        address("DATABASE_URL", f"sqlite:///{VAR / 'gaitmos.sqlite3'}", ("sqlite", "postgres", "postgresql"))
    )
}
DATABASES["default"]["CONN_MAX_AGE"] = None
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Files --------------------------------------------------------------------------------------
MEDIA_ROOT = Path(given("MEDIA_ROOT", str(VAR / "media")))
S3_BUCKET = given("S3_BUCKET")
STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS: list[Any] = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "config.staticfiles.PackagedScripts",
]
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.staticfiles.GzippedStaticFiles"},
}
if S3_BUCKET:
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": given("S3_ENDPOINT_URL") or None,
            "default_acl": "private",
            "querystring_auth": True,
            "querystring_expire": 3600,
            "file_overwrite": False,
        },
    }
# An upload through the site larger than this is refused in the form, with a word on what to do.
UPLOAD_LIMIT_BYTES = number("UPLOAD_LIMIT_MB", 2048, 1, 1_000_000) * 2**20
FILE_UPLOAD_TEMP_DIR = str(VAR / "uploads")
(VAR / "uploads").mkdir(exist_ok=True)

# --- Jobs ---------------------------------------------------------------------------------------
REDIS_URL = address(
    "REDIS_URL", "", ("redis", "rediss", "unix")
)  # empty: the launcher starts the embedded server
BROKER_URL_FILE = VAR / "broker_url"  # where the launcher writes the embedded server's address
WORKERS = number("WORKERS", os.cpu_count() or 1, 1, 1024)  # processes one job may use
GAITMOS_DEVICE = choice("GAITMOS_DEVICE", "auto", ("auto", "cpu", "cuda"))
GPU_QUEUE = given("GAITMOS_GPU_QUEUE")  # a queue of its own for network training
DEMO = switch("GAITMOS_DEMO", default=True)  # whether `make run` starts the demo
RUN_LEASE_SECONDS = number("RUN_LEASE_SECONDS", 15, 3, 3600)


def broker_url() -> str:
    """`REDIS_URL`, or else the address the embedded server was last started on."""
    if REDIS_URL:
        return REDIS_URL
    if BROKER_URL_FILE.exists():
        return BROKER_URL_FILE.read_text().strip()
    return "redis://127.0.0.1:6379/0"


CELERY_BROKER_URL = broker_url()
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "gaitmos"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Longer than the longest job; a lost worker's run is taken up by the reaper long before.
    "visibility_timeout": 7 * 24 * 3600,
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    # A page that starts a job answers soon, broker or not; the reaper sends what was not sent.
    "socket_connect_timeout": 2,
    "socket_timeout": 30,
    "max_retries": 1,
    "interval_start": 0,
}
CELERY_TASK_PUBLISH_RETRY = False

# --- Signing in ---------------------------------------------------------------------------------
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/accounts/login/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# --- Crowd platforms ----------------------------------------------------------------------------
# Raters are sent nowhere else, and only pages of MTurk studies may stand in these sites' frames.
CROWD_HOSTS: list[str] = listed(
    "CROWD_HOSTS",
    default=["app.prolific.com", "app.prolific.co", "www.mturk.com", "workersandbox.mturk.com"],
)
CROWD_FRAMES: list[str] = listed(
    "CROWD_FRAMES",
    default=[
        "https://worker.mturk.com",
        "https://workersandbox.mturk.com",
        "https://requester.mturk.com",
        "https://requestersandbox.mturk.com",
        "https://www.mturk.com",
    ],
)

# --- Security -----------------------------------------------------------------------------------
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = switch("SECURE_SSL_REDIRECT", default=False)
SECURE_HSTS_SECONDS = number("SECURE_HSTS_SECONDS", 0, 0, 2**31)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if switch("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# plotly.js inserts one empty <style> (its hash) and sets style attributes; nothing else is inline.
EMPTY_STYLE_HASH = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "style-src-elem": [SELF, EMPTY_STYLE_HASH],
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
    "EXCLUDE_URL_PREFIXES": ["/admin/"],  # unfold's pages carry inline scripts of their own
}

IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True  # a spreadsheet runs nothing that somebody wrote

# Webhooks go to the public internet over https. A machine of one's own network needs the second to be reached.
WEBHOOKS_TO_THIS_MACHINE = DEBUG
WEBHOOKS_TO_PRIVATE_ADDRESSES = switch("WEBHOOKS_TO_PRIVATE_ADDRESSES", default=False)

# --- Language and logs --------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = given("TIME_ZONE", "UTC")
if TIME_ZONE not in available_timezones():
    raise ImproperlyConfigured(
        f"TIME_ZONE={TIME_ZONE!r} is not a known time zone; write one like Asia/Tokyo."
    )
USE_I18N = True
USE_TZ = True
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "config.logs.TokenFreeFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {
        "handlers": ["console"],
        "level": choice("LOG_LEVEL", "WARNING", ("DEBUG", "INFO", "WARNING", "ERROR")),
    },
}

UNFOLD = {
    "SITE_TITLE": "GaitMOS administration",
    "SITE_HEADER": "GaitMOS",
    "SITE_URL": "/",
    "SITE_SYMBOL": "directions_walk",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/favicon.svg")}
    ],
    "SHOW_HISTORY": True,
    "COLORS": {
        "primary": {
            "50": "240 249 250",
            "100": "217 236 236",
            "200": "185 221 222",
            "300": "147 202 207",
            "400": "105 178 188",
            "500": "63 150 165",
            "600": "11 100 112",
            "700": "8 79 89",
            "800": "7 60 80",
            "900": "6 45 60",
            "950": "4 30 40",
        }
    },
}
