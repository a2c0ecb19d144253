"""Settings of the back office: looks, what it reaches up for, live parameters, its CSP."""

from django.templatetags.static import static
from django.urls import reverse

from config.env import env_bool, env_choice, env_int, env_secret
from config.logs import LOG_LEVELS

# The back office reaches up into the apps by these names alone.
BACK_OFFICE_MENU = "accounts.services.menus.menu_tree"
STATUS_HISTORY = "accounts.audit.moves_of"
BACK_OFFICE_SCOPE = "accounts.scope.scoped"
BACK_OFFICE_PAGES = ["accounts.admin.second_factor.pages"]
CHANGE_PASSWORD = "accounts.services.passwords.change_password"
CONFIRM_PASSWORD = "accounts.services.step_up.confirm_in_office"
STEP_UP_IS_RECENT = "accounts.services.step_up.is_recent"
DASHBOARD_PANELS = [
    "counseling.stats.panel", "farm.stats.panel", "commerce.stats.panel", "accounts.stats.panel",
]  # fmt: skip
UNFOLD = {
    "SITE_TITLE": "伴心后台",
    "SITE_HEADER": "伴心",
    "SITE_SUBHEADER": "心理咨询与结伴同行",
    "SITE_SYMBOL": "favorite",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("back_office/favicon.svg"),
        }
    ],
    "COLORS": {
        "primary": {
            "50": "oklch(98.4% .014 180.72)",
            "100": "oklch(95.3% .051 180.801)",
            "200": "oklch(91% .096 180.426)",
            "300": "oklch(85.5% .138 181.071)",
            "400": "oklch(77.7% .152 181.912)",
            "500": "oklch(60% .118 184.704)",
            "600": "oklch(51.1% .096 186.391)",
            "700": "oklch(43.7% .078 188.216)",
            "800": "oklch(38.6% .063 188.416)",
            "900": "oklch(33% .05 188.6)",
            "950": "oklch(27.7% .046 192.524)",
        }
    },
    "STYLES": [lambda request: static("back_office/office.css")],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "LOGIN": {"form": "config.admin.login.LoginForm"},
    "ACCOUNT": {
        "navigation": [
            {"title": "修改密码", "link": lambda request: reverse("admin:password_change")},
            {"title": "两步验证", "link": lambda request: reverse("admin:second_factor")},
        ]
    },
    "SIDEBAR": {"show_search": True, "show_all_applications": False},
}


# Unfold runs on Alpine, which evaluates the expressions in its markup, and styles inline; no
# script in a page runs all the same.  Only for the back office; nothing comes from elsewhere.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# First values of the live parameters; what an operator saves later wins.
CONSTANCE_BACKEND = "constance.backends.database.DatabaseBackend"
CONSTANCE_SUPERUSER_ONLY = False


def _whole(low: int, high: int) -> list:
    """A whole number of that range; the back office refuses others."""
    widget = "unfold.widgets.UnfoldAdminIntegerFieldWidget"
    return ["django.forms.IntegerField", {"widget": widget, "min_value": low, "max_value": high}]


CONSTANCE_ADDITIONAL_FIELDS = {
    "seconds": _whole(1, 24 * 3600),
    "messages": _whole(0, 10_000_000),
    "hours": _whole(0, 30 * 24),
    "days": _whole(1, 365),
    "percent": _whole(0, 100),
    "yuan": _whole(0, 10_000_000),
    "count": _whole(1, 100),
    "limit": _whole(0, 100),
    "stars": _whole(1, 5),
    "minutes_long": _whole(60, 3600),
    "keep_days": _whole(30, 3650),
    "log_days": _whole(180, 3650),
    "milliseconds": _whole(1, 600_000),
    "megabytes": _whole(1, 10_000),
    "switch": [
        "django.forms.BooleanField",
        {"widget": "unfold.widgets.UnfoldBooleanSwitchWidget", "required": False},
    ],
    "level": [
        "django.forms.ChoiceField",
        {
            "widget": "unfold.widgets.UnfoldAdminSelectWidget",
            "choices": [(name, name) for name in LOG_LEVELS],
        },
    ],
    "secret": [
        "django.forms.CharField",
        {
            "widget": "unfold.widgets.UnfoldAdminPasswordWidget",
            "required": False,
            "min_length": 32,
            "max_length": 256,
        },
    ],
}
_level = env_choice("LOG_LEVEL", "INFO", LOG_LEVELS)
# What is never shown again once it is saved, in the page, the history or the log; encrypted at
# rest.  CONSTANCE_CONFIG knows their names only.
SECRET_PARAMETERS = {"SMS_REPORT_TOKEN": env_secret("SMS_REPORT_TOKEN", at_least=32, default="")}
CONSTANCE_CONFIG = {
    "ORDER_TTL_SECONDS": (
        env_int("ORDER_TTL_SECONDS", 900, at_least=1), "订单支付时限(秒)", "seconds",
    ),
    "HOLD_TTL_SECONDS": (
        env_int("HOLD_TTL_SECONDS", 900, at_least=1), "预约时段保留时间(秒)", "seconds",
    ),
    "MAX_UNPAID_HOLDS": (3, "每位用户最多同时保留的未支付预约", "count"),
    "CALLBACK_WINDOW_SECONDS": (
        env_int("CALLBACK_WINDOW_SECONDS", 300, at_least=1),
        "支付回调时间戳允许的偏差(秒)",
        "seconds",
    ),
    "CLOSE_GRACE_SECONDS": (120, "支付渠道无应答时,超时订单最多再等待的时间(秒)", "seconds"),
    "REFUND_SECOND_PERSON_ABOVE": (1000, "一笔支付的退款超过多少元须由第二人复核", "yuan"),
    "OFFLINE_SECOND_PERSON_ABOVE": (1000, "线下收款超过多少元须由第二人复核", "yuan"),
    "OFFLINE_CONFIRM_HOURS": (24, "待复核的线下收款为订单保留多少小时", "hours"),
    "SETTLE_DAYS": (7, "订单完成多少天后结算", "days"),
    "AUTO_CONFIRM_DAYS": (15, "发货或核销多少天后自动确认收货", "days"),
    "CONFIRM_REMIND_DAYS": (3, "自动确认前多少天提醒买家", "days"),
    "INVITATION_DAYS": (7, "商户邀请成员的有效期(天)", "days"),
    "CANCEL_FREE_HOURS": (24, "开始前多少小时可免费取消", "hours"),
    "CANCEL_FEE_HOURS": (2, "开始前多少小时内取消不退款", "hours"),
    "CANCEL_FEE_PERCENT": (30, "免费取消时限之后收取的费用(%)", "percent"),
    "RESCHEDULE_TIMES": (2, "来访者每个预约最多可改期的次数", "limit"),
    "RESCHEDULE_NOTICE_HOURS": (24, "来访者改期须在开始前多少小时之前", "hours"),
    "DISPUTE_WINDOW_HOURS": (72, "咨询结束后多少小时内可提出争议", "hours"),
    "DISPUTE_ANSWER_HOURS": (48, "咨询师须在多少小时内说明争议", "hours"),
    "DISPUTE_DECIDE_DAYS": (7, "平台裁定争议的期限(天)", "days"),
    "SLOT_HORIZON_DAYS": (28, "提前生成多少天的可预约时段", "days"),
    "AUTO_COMPLETE_HOURS": (2, "咨询结束后多少小时自动完成", "hours"),
    "LEAVE_HANDLING_HOURS": (48, "休假获批后多少小时内须处理受影响的预约", "hours"),
    "LEAVE_LATEST_HOURS": (4, "受影响的预约最迟在开始前多少小时处理完", "hours"),
    "NOTE_EDIT_DAYS": (7, "咨询记录写下后多少天内可修改", "days"),
    "NOTE_ACCESS_HOURS": (24, "咨询记录查阅批准后的有效时间(小时)", "hours"),
    "REVIEW_EDIT_DAYS": (7, "咨询评价后多少天内可修改或撤回", "days"),
    "RATING_PRIOR_REVIEWS": (5, "计算评分时计入多少条先验评价", "limit"),
    "RATING_PRIOR_STARS": (4, "计算评分时每条先验评价的星数", "stars"),
    "MAX_UNPAID_CLAIMS": (3, "每位用户最多同时保留的未支付认领", "count"),
    "CLAIM_MONTHS": (12, "动物未另行规定时的认领期限(月)", "count"),
    "RENEW_DAYS": (90, "认领到期前多少天可以续期", "days"),
    "UPDATE_DAYS": (30, "被认领的动物多少天没有动态时提醒商户", "days"),
    "LOG_LEVEL": (_level, "其余组件的日志级别", "level"),
    "LOG_LEVEL_APPS": (_level, "业务应用的日志级别", "level"),
    "LOG_LEVEL_TASKS": (_level, "后台任务(Celery)的日志级别", "level"),
    "LOG_LEVEL_HTTP": ("WARNING", "调用外部接口的日志级别", "level"),
    "LOG_ACCESS": (env_bool("LOG_ACCESS", True), "记录每个请求的访问日志", "switch"),
    "SLOW_REQUEST_MS": (
        env_int("SLOW_REQUEST_MS", 1000, at_least=1), "慢请求的阈值(毫秒)", "milliseconds",
    ),
    "LOG_KEEP_DAYS": (
        env_int("LOG_KEEP_DAYS", 180, at_least=180), "日志文件保留天数(法定不少于 180 天)",
        "log_days",
    ),
    "LOG_MAX_MB": (env_int("LOG_MAX_MB", 100, at_least=1), "单个日志文件的上限(MB)", "megabytes"),
    "SMS_CODE_TTL_SECONDS": (
        env_int("SMS_CODE_TTL_SECONDS", 300, at_least=60), "短信验证码有效期(秒)", "seconds",
    ),
    "DELETION_COOLING_DAYS": (15, "申请注销后的冷静期(天)", "days"),
    "SMS_DAY_BUDGET": (10_000, "全平台每天最多发送的短信验证码", "messages"),
    "EMAIL_CODE_TTL_SECONDS": (300, "邮箱验证码有效期(秒)", "seconds"),
    "EMAIL_DAY_BUDGET": (5_000, "全平台每天最多发送的邮箱验证码", "messages"),
    "STEP_UP_SECONDS": (300, "敏感操作前验证身份后的有效时间(秒)", "minutes_long"),
    "EXPORT_KEEP_DAYS": (3, "导出文件的保留天数", "days"),
    "MAX_DEVICES": (0, "每人最多同时登录的设备,超出时最早的登录退出(0 为不限)", "limit"),
    "STAFF_TOTP_REQUIRED": (
        env_bool("STAFF_TOTP_REQUIRED", False), "工作人员必须开启两步验证", "switch",
    ),
    "OWN_DATA_KEEP_DAYS": (7, "用户导出的本人数据的保留天数", "days"),
    "LOGIN_LOG_KEEP_DAYS": (180, "登录日志的保留天数(依法至少 180 天)", "log_days"),
    "NOTICE_KEEP_DAYS": (365, "通知的保留天数", "keep_days"),
    "SMS_CAPTCHA_PERCENT": (
        40, "用到每小时限额的百分之几后要求人机验证(配置了验证服务时)", "percent",
    ),
    "SMS_SWITCH_PERCENT": (50, "近 15 分钟未送达达到百分之几的短信商排到最后", "percent"),
    "SMS_REPORT_TOKEN": ("", "短信送达回执地址中的密钥", "secret"),
}  # fmt: skip
CONSTANCE_CONFIG_FIELDSETS = {
    "订单与支付": (
        "ORDER_TTL_SECONDS", "HOLD_TTL_SECONDS", "MAX_UNPAID_HOLDS",
        "CALLBACK_WINDOW_SECONDS", "CLOSE_GRACE_SECONDS", "REFUND_SECOND_PERSON_ABOVE",
        "OFFLINE_SECOND_PERSON_ABOVE", "OFFLINE_CONFIRM_HOURS", "SETTLE_DAYS", "AUTO_CONFIRM_DAYS",
        "CONFIRM_REMIND_DAYS",
    ),
    "商户": ("INVITATION_DAYS",),
    "预约": (
        "CANCEL_FREE_HOURS", "CANCEL_FEE_HOURS", "CANCEL_FEE_PERCENT",
        "RESCHEDULE_TIMES", "RESCHEDULE_NOTICE_HOURS", "DISPUTE_WINDOW_HOURS",
        "DISPUTE_ANSWER_HOURS", "DISPUTE_DECIDE_DAYS", "SLOT_HORIZON_DAYS", "AUTO_COMPLETE_HOURS",
    ),
    "休假": ("LEAVE_HANDLING_HOURS", "LEAVE_LATEST_HOURS"),
    "咨询记录": ("NOTE_EDIT_DAYS", "NOTE_ACCESS_HOURS"),
    "评价": ("REVIEW_EDIT_DAYS", "RATING_PRIOR_REVIEWS", "RATING_PRIOR_STARS"),
    "动物认领": ("MAX_UNPAID_CLAIMS", "CLAIM_MONTHS", "RENEW_DAYS", "UPDATE_DAYS"),
    "账号": ("DELETION_COOLING_DAYS",),
    "邮件": ("EMAIL_CODE_TTL_SECONDS", "EMAIL_DAY_BUDGET"),
    "账号安全": ("STEP_UP_SECONDS", "MAX_DEVICES", "STAFF_TOTP_REQUIRED"),
    "导出": ("EXPORT_KEEP_DAYS", "OWN_DATA_KEEP_DAYS"),
    "数据保留": ("LOGIN_LOG_KEEP_DAYS", "NOTICE_KEEP_DAYS"),
    "短信": (
        "SMS_CODE_TTL_SECONDS", "SMS_DAY_BUDGET", "SMS_CAPTCHA_PERCENT", "SMS_SWITCH_PERCENT",
        "SMS_REPORT_TOKEN",
    ),
    "日志": (
        "LOG_LEVEL", "LOG_LEVEL_APPS", "LOG_LEVEL_TASKS", "LOG_LEVEL_HTTP", "LOG_ACCESS",
        "SLOW_REQUEST_MS", "LOG_KEEP_DAYS", "LOG_MAX_MB",
    ),
}  # fmt: skip
