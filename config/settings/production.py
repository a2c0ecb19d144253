"""Production: nothing has a default that could be wrong; config.checks refuses the rest."""

from django.core.exceptions import ImproperlyConfigured

from config.env import (
    REQUIRED,
    env_bool,
    env_file,
    env_int,
    env_keys,
    env_list,
    env_secret,
    env_str,
    env_url,
    is_private,
)
from config.settings.base import *  # noqa: F403

SECRET_KEY = env_secret("SECRET_KEY", at_least=50)
JWT_SIGNING_KEY = env_secret("JWT_SIGNING_KEY")
AUDIT_KEY = env_secret("AUDIT_KEY")
FIELD_KEYS = env_keys("FIELD_KEYS", REQUIRED)
DATABASE_URL = env_str("DATABASE_URL")
REDIS_URL = env_url("REDIS_URL", schemes=("redis", "rediss"))
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", REQUIRED)
PUBLIC_URL = env_url("PUBLIC_URL", schemes=("https",))

WX_API_BASE = env_url("WX_API_BASE", "https://api.weixin.qq.com", schemes=("https",))
WX_APPID = env_str("WX_APPID")
WX_APPSECRET = env_secret("WX_APPSECRET", at_least=16)
WXPAY_BASE = env_url("WXPAY_BASE", "https://api.mch.weixin.qq.com", schemes=("https",))
WXPAY_MCHID = env_str("WXPAY_MCHID")
WXPAY_PRIVATE_KEY_FILE = env_file("WXPAY_PRIVATE_KEY_FILE")
WXPAY_CERT_SERIAL = env_str("WXPAY_CERT_SERIAL")
WXPAY_APIV3_KEY = env_secret("WXPAY_APIV3_KEY")
WXPAY_PUBLIC_KEY_FILE = env_file("WXPAY_PUBLIC_KEY_FILE")
WXPAY_PUBLIC_KEY_ID = env_str("WXPAY_PUBLIC_KEY_ID")

ALIPAY_GATEWAY = env_url(
    "ALIPAY_GATEWAY", "https://openapi.alipay.com/gateway.do", schemes=("https",)
)
if ALIPAY_APPID:
    ALIPAY_SELLER_ID = env_str("ALIPAY_SELLER_ID")
    ALIPAY_PRIVATE_KEY_FILE = env_file("ALIPAY_PRIVATE_KEY_FILE")
    ALIPAY_PUBLIC_KEY_FILE = env_file("ALIPAY_PUBLIC_KEY_FILE")

UNIONPAY_BASE = env_url("UNIONPAY_BASE", "https://gateway.95516.com", schemes=("https",))
UNIONPAY_FILE_BASE = env_url(
    "UNIONPAY_FILE_BASE", "https://filedownload.95516.com", schemes=("https",)
)
if UNIONPAY_MERID:
    UNIONPAY_SIGN_PFX_FILE = env_file("UNIONPAY_SIGN_PFX_FILE")
    UNIONPAY_SIGN_PFX_PASSWORD = env_str("UNIONPAY_SIGN_PFX_PASSWORD")
    UNIONPAY_ROOT_CERT_FILE = env_file("UNIONPAY_ROOT_CERT_FILE")
    UNIONPAY_MIDDLE_CERT_FILE = env_file("UNIONPAY_MIDDLE_CERT_FILE")

SMS_ALIYUN_ENDPOINT = env_url(
    "SMS_ALIYUN_ENDPOINT", "https://dysmsapi.aliyuncs.com", schemes=("https",)
)
SMS_TENCENT_ENDPOINT = env_url(
    "SMS_TENCENT_ENDPOINT", "https://sms.tencentcloudapi.com", schemes=("https",)
)
if SMS_ALIYUN_KEY_ID or SMS_TENCENT_SECRET_ID:
    SMS_SIGN_NAME = env_str("SMS_SIGN_NAME")
if SMS_ALIYUN_KEY_ID:
    SMS_ALIYUN_KEY_SECRET = env_secret("SMS_ALIYUN_KEY_SECRET", at_least=16)
    env_str("SMS_ALIYUN_TEMPLATES")
if SMS_TENCENT_SECRET_ID:
    SMS_TENCENT_SECRET_KEY = env_secret("SMS_TENCENT_SECRET_KEY", at_least=16)
    SMS_TENCENT_APPID = env_str("SMS_TENCENT_APPID")
    env_str("SMS_TENCENT_TEMPLATES")

for _name, _base in {
    "WX_API_BASE": WX_API_BASE,
    "WXPAY_BASE": WXPAY_BASE,
    "ALIPAY_GATEWAY": ALIPAY_GATEWAY,
    "UNIONPAY_BASE": UNIONPAY_BASE,
    "UNIONPAY_FILE_BASE": UNIONPAY_FILE_BASE,
    "SMS_ALIYUN_ENDPOINT": SMS_ALIYUN_ENDPOINT,
    "SMS_TENCENT_ENDPOINT": SMS_TENCENT_ENDPOINT,
}.items():
    if is_private(_base):
        raise ImproperlyConfigured(f"{_name} points at a sandbox or a private network: {_base}")

S3_ENDPOINT = env_url("S3_ENDPOINT", "", schemes=("https",))
if S3_ENDPOINT:
    S3_BUCKET, S3_KEY_ID = env_str("S3_BUCKET"), env_str("S3_KEY_ID")
    S3_SECRET = env_secret("S3_SECRET", at_least=16)

CONSTANCE_CONFIG["STAFF_TOTP_REQUIRED"] = (
    env_bool("STAFF_TOTP_REQUIRED", True),
    *CONSTANCE_CONFIG["STAFF_TOTP_REQUIRED"][1:],
)

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = env_bool("SECURE_SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^(healthz|readyz)$"]
SECURE_HSTS_SECONDS = env_int("SECURE_HSTS_SECONDS", 31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_SECURE = True
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
WHITENOISE_USE_FINDERS = False
if EMAIL_URL:
    DEFAULT_FROM_EMAIL = env_str("EMAIL_FROM")
