"""Settings that every environment shares; .env.example lists the variables."""

from pathlib import Path

from config.databases import database_config
from config.env import (
    env_email,
    env_file,
    env_int,
    env_keys,
    env_list,
    env_networks,
    env_origins,
    env_port,
    env_secret,
    env_str,
    env_url,
)
from config.logs import logging_config
from config.settings.api_docs import *  # noqa: F403
from config.settings.back_office import *  # noqa: F403
from config.settings.doors import *  # noqa: F403
from config.settings.retention import *  # noqa: F403
from config.settings.scope import *  # noqa: F403
from config.settings.sms import *  # noqa: F403
from config.storage import file_storage

BASE_DIR = Path(__file__).resolve().parents[2]
VAR_DIR = Path(env_str("VAR_DIR", str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = False
DEMO_ALLOWED = False  # demo data, with its published passwords, is for development
SECRET_KEY = env_secret("SECRET_KEY", default="")
JWT_SIGNING_KEY = env_secret("JWT_SIGNING_KEY", default="")
FIELD_KEYS = env_keys("FIELD_KEYS")
AUDIT_KEY = env_secret("AUDIT_KEY", default="")
AUDIT_ANCHOR_FILE = env_str("AUDIT_ANCHOR_FILE", str(VAR_DIR / "audit" / "anchor.log"))
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS")
CORS_ALLOWED_ORIGINS = env_origins("CORS_ORIGINS")
TRUSTED_PROXIES = env_networks("TRUSTED_PROXIES")
PUBLIC_URL = env_url("PUBLIC_URL", f"http://127.0.0.1:{env_port('PORT', 8000)}")

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # its default app would put its own site in place of ours
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.constance",
    "config.apps.BackOfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "constance",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "corsheaders",
    "django_celery_beat",
    "config.apps.ConfigConfig",
    "accounts",
    "content",
    "media",
    "commerce",
    "counseling",
    "farm",
]

# Session, login and messages belong to the back office; the API skips them.
MIDDLEWARE = [
    "config.middleware.RequestIdMiddleware",
    "config.access.AccessLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.BrowserCorsMiddleware",
    "config.middleware.TextGZipMiddleware",
    "config.middleware.ApiMiddleware",
    "config.middleware.LanguageMiddleware",
    "config.middleware.BackOfficeSessionMiddleware",
    "config.middleware.BackOfficeCommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.middleware.BackOfficeAuthenticationMiddleware",
    "config.middleware.BackOfficeMessageMiddleware",
    "config.middleware.BackOfficeCspMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "accounts.middleware.OperationLogMiddleware",
    "accounts.middleware.DutiesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": database_config(env_str("DATABASE_URL", f"sqlite:///{VAR_DIR}/db.sqlite3"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Generated columns have no length of their own: that of the blind indexes is their output field's.
SILENCED_SYSTEM_CHECKS = ["mysql.W003"]

REDIS_URL = env_url("REDIS_URL", "", schemes=("redis", "rediss"))
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "banxin",
            "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 1},
        }
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
# Redis is disposable: without it the cache is empty, nothing more (invariants V-1).
DJANGO_REDIS_IGNORE_EXCEPTIONS = True
DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.RoleBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.BCryptSHA256PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "nickname", "email", "phone")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 8},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
ACCESS_TOKEN_SECONDS = 15 * 60
REFRESH_TOKEN_SECONDS = 30 * 24 * 3600

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
USE_I18N = True
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
MEDIA_ROOT = VAR_DIR / "uploads"
S3_ENDPOINT = env_url("S3_ENDPOINT", "")
S3_BUCKET = env_str("S3_BUCKET", "")
S3_KEY_ID = env_str("S3_KEY_ID", "")
S3_SECRET = env_secret("S3_SECRET", at_least=16, default="")
S3_REGION = env_str("S3_REGION", "cn-hangzhou")
STORAGES = {
    "default": file_storage(
        S3_ENDPOINT, bucket=S3_BUCKET, key_id=S3_KEY_ID, secret=S3_SECRET, region=S3_REGION
    ),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
FILE_QUOTA_BYTES = env_int("FILE_QUOTA_MB", 200, at_least=1) * 1024 * 1024  # of one person
# Where nginx finds the folder of uploads, for itself alone; empty: the web server sends files.
ACCEL_PREFIX = env_str("ACCEL_PREFIX", "")

SESSION_COOKIE_NAME = "banxin_office"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "banxin_csrf"
CSRF_FAILURE_VIEW = "config.admin.refusals.csrf_failure"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
CORS_ALLOW_HEADERS = [
    "accept", "authorization", "content-type", "idempotency-key", "if-none-match",
    "x-api-key", "x-device-name", "x-http-method-override", "x-platform", "x-request-id",
]  # fmt: skip
CORS_EXPOSE_HEADERS = ["ETag", "Retry-After", "X-Request-ID"]

CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost"
if not REDIS_URL:
    for name in ("queue", "control"):
        (VAR_DIR / "broker" / name).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(VAR_DIR / "broker" / "queue"),
        "data_folder_out": str(VAR_DIR / "broker" / "queue"),
        "control_folder": str(VAR_DIR / "broker" / "control"),
        "polling_interval": 0.1,  # seconds; by itself it takes one message a second
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 5}

# The people who sell: commerce knows them by these lines only (architecture: Selling).
PAYABLES = {
    "appointment": "counseling.payables.AppointmentPayable",
    "animal_claim": "farm.payables.AnimalClaimPayable",
    "claim_renewal": "farm.payables.ClaimRenewalPayable",
    "product": "commerce.services.goods.ProductPayable",
}
# Private uploads that others than their owners read, by purpose: called with somebody, the ids of
# what they may look at.
SHARED_FILES = {"evidence": "counseling.services.evidence.files_for"}
# What is counted per day, how people come to pay, and what they spent (config/measures.py).
MEASURES = [
    "accounts.measures.MEASURES", "counseling.stats.MEASURES", "farm.stats.MEASURES",
    "commerce.stats.MEASURES",
]  # fmt: skip
FUNNEL = ["counseling.stats.PROFILES", "counseling.stats.BOOKINGS", "commerce.stats.PAID"]
SPENDING = "commerce.stats.spending"
PAYMENT_GATEWAYS = {
    "wechat": "commerce.gateways.wechat.WeChatGateway",
    "alipay": "commerce.gateways.alipay.AlipayGateway",
    "unionpay": "commerce.gateways.unionpay.UnionPayGateway",
    "offline": "commerce.gateways.offline.OfflineGateway",
}
# What can be exported as a file in the background, by kind (accounts.services.export_kinds).
EXPORTS = {
    "own_data": "accounts.services.own_data.OwnDataExport",
    "user": "accounts.exports.UserExport",
    "user_stats": "accounts.exports.UserStatsExport",
    "order": "commerce.exports.OrderExport",
    "payment": "commerce.exports.PaymentExport",
    "refund": "commerce.exports.RefundExport",
    "ledger": "commerce.exports.LedgerExport",
    "bill_difference": "commerce.exports.DifferenceExport",
    "merchant_order": "commerce.exports.MerchantOrderExport",
    "merchant_ledger": "commerce.exports.MerchantLedgerExport",
    "order_stats": "commerce.exports.OrderStatsExport",
    "animal_claim": "farm.exports.ClaimExport",
    "farm_stats": "farm.exports.FarmStatsExport",
    "appointment_stats": "counseling.exports.AppointmentStatsExport",
}
# What each app keeps about a person, the uppermost app first (accounts.services.holdings).
PERSONAL_DATA = [
    "counseling.services.personal_data",
    "farm.services.personal_data",
    "commerce.services.personal_data",
    "content.services.personal_data",
    "media.services.personal_data",
    "accounts.services.personal_data",
]
# What the page of one person shows, by app (accounts.services.people).
USER_SECTIONS = [
    "commerce.people.SECTIONS",
    "counseling.people.SECTIONS",
    "farm.people.SECTIONS",
    "accounts.people.SECTIONS",
    "media.people.SECTIONS",
]
USERS_WITH_ORDERS = "commerce.people.with_orders"  # a filter of lists of people
NOTIFICATION_CHANNELS = {
    "in_app": "accounts.channels.InAppChannel",
    "sms": "accounts.channels.SmsChannel",
    "email": "accounts.channels.EmailChannel",
    "subscribe": "accounts.channels.SubscribeChannel",
}

EMAIL_URL = env_str("EMAIL_URL", "")
vars().update(env_email("EMAIL_URL"))  # EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS and their like
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env_str("EMAIL_FROM", "banxin@localhost")

WX_API_BASE = env_url("WX_API_BASE", "")
WX_APPID = env_str("WX_APPID", "")
WX_APPSECRET = env_secret("WX_APPSECRET", at_least=16, default="")
WX_PUSH_TOKEN = env_str("WX_PUSH_TOKEN", "")
WX_PUSH_AES_KEY = env_secret("WX_PUSH_AES_KEY", at_least=43, default="")
# The dotted path of an accounts.services.captcha.Verifier; empty: no captcha is asked for.
CAPTCHA_VERIFIER = env_str("CAPTCHA_VERIFIER", "")
WXPAY_BASE = env_url("WXPAY_BASE", "")
WXPAY_MCHID = env_str("WXPAY_MCHID", "")
WXPAY_PRIVATE_KEY_FILE = env_file("WXPAY_PRIVATE_KEY_FILE", "")
WXPAY_CERT_SERIAL = env_str("WXPAY_CERT_SERIAL", "")
WXPAY_APIV3_KEY = env_secret("WXPAY_APIV3_KEY", default="")
WXPAY_PUBLIC_KEY_FILE = env_file("WXPAY_PUBLIC_KEY_FILE", "")
WXPAY_PUBLIC_KEY_ID = env_str("WXPAY_PUBLIC_KEY_ID", "")
ALIPAY_GATEWAY = env_url("ALIPAY_GATEWAY", "")
ALIPAY_APPID = env_str("ALIPAY_APPID", "")  # empty: Alipay is not offered
ALIPAY_SELLER_ID = env_str("ALIPAY_SELLER_ID", "")
ALIPAY_PRIVATE_KEY_FILE = env_file("ALIPAY_PRIVATE_KEY_FILE", "")
ALIPAY_PUBLIC_KEY_FILE = env_file("ALIPAY_PUBLIC_KEY_FILE", "")
UNIONPAY_BASE = env_url("UNIONPAY_BASE", "")
UNIONPAY_FILE_BASE = env_url("UNIONPAY_FILE_BASE", "")
UNIONPAY_MERID = env_str("UNIONPAY_MERID", "")  # empty: UnionPay is not offered
UNIONPAY_SIGN_PFX_FILE = env_file("UNIONPAY_SIGN_PFX_FILE", "")
UNIONPAY_SIGN_PFX_PASSWORD = env_str("UNIONPAY_SIGN_PFX_PASSWORD", "")
UNIONPAY_ROOT_CERT_FILE = env_file("UNIONPAY_ROOT_CERT_FILE", "")
UNIONPAY_MIDDLE_CERT_FILE = env_file("UNIONPAY_MIDDLE_CERT_FILE", "")
# Where a browser goes after a provider's page; the payment's number is added as ?number=.
PAY_RETURN_URL = env_url("PAY_RETURN_URL", PUBLIC_URL)
SANDBOX_CONTROL = env_url("SANDBOX_CONTROL", "")  # the sandbox's control API; never in production

# How often beat looks for what got lost: expiry, pending payments, refunds, the outbox.
SWEEP_SECONDS = env_int("SWEEP_SECONDS", 20, at_least=1)

LOGGING = logging_config()
LOG_DIR = env_str("LOG_DIR", str(VAR_DIR / "log"))
# Twice a second each process looks whether anybody changed what it keeps; see config.pulse.
PULSE_SECONDS = 0.5
PULSE = [
    "accounts.services.live_logs.apply_log_parameters",
    "accounts.services.caches.obey_purges",
    "config.caches.publish_statistics",
    "counseling.services.visits.write_visits",
]
