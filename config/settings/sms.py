"""Who sends text messages, and by which templates."""

from config.env import env_names, env_secret, env_str, env_url

SMS_ALIYUN_ENDPOINT = env_url("SMS_ALIYUN_ENDPOINT", "")
SMS_ALIYUN_KEY_ID = env_str("SMS_ALIYUN_KEY_ID", "")
SMS_ALIYUN_KEY_SECRET = env_secret("SMS_ALIYUN_KEY_SECRET", at_least=16, default="")
SMS_TENCENT_ENDPOINT = env_url("SMS_TENCENT_ENDPOINT", "")
SMS_TENCENT_SECRET_ID = env_str("SMS_TENCENT_SECRET_ID", "")
SMS_TENCENT_SECRET_KEY = env_secret("SMS_TENCENT_SECRET_KEY", at_least=16, default="")
SMS_TENCENT_APPID = env_str("SMS_TENCENT_APPID", "")
SMS_SIGN_NAME = env_str("SMS_SIGN_NAME", "")
# The first is asked first.  SMS_TEMPLATES: the template of each purpose, in this order.
SMS_PROVIDERS = ["accounts.sms.aliyun.AliyunSender", "accounts.sms.tencent.TencentSender"]
SMS_PURPOSES = ("login", "register", "reset", "bind", "change", "notice", "step_up")
SMS_TEMPLATES = {
    "aliyun": env_names(
        "SMS_ALIYUN_TEMPLATES", SMS_PURPOSES, [f"SMS_10000000{n}" for n in range(1, 8)]
    ),
    "tencent": env_names(
        "SMS_TENCENT_TEMPLATES", SMS_PURPOSES, [f"100000{n}" for n in range(1, 8)]
    ),
}
