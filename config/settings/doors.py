"""Who knocks at the API, and what its doors ask: config reaches up by these names alone."""

API_AUTHENTICATION = [
    "accounts.tokens.TokenAuthentication",
    "accounts.api_keys.ApiKeyAuthentication",
]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": API_AUTHENTICATION,
    "DEFAULT_PERMISSION_CLASSES": ["config.api.permissions.ActionPermission"],
    "DEFAULT_RENDERER_CLASSES": ["config.api.renderers.EnvelopeRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.api.parsers.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "config.api.pagination.PageSizePagination",
    "DEFAULT_THROTTLE_CLASSES": ["config.api.throttling.RequestThrottle"],
    "DEFAULT_FILTER_BACKENDS": [
        "django_filters.rest_framework.DjangoFilterBackend",
        "config.api.filters.OrderingFilter",
    ],
    "DEFAULT_SCHEMA_CLASS": "config.api.schema.EnvelopeSchema",
    "EXCEPTION_HANDLER": "config.api.exceptions.exception_handler",
    "DATETIME_FORMAT": None,  # the renderer writes UTC with a Z
    "COERCE_DECIMAL_TO_STRING": False,
    "ORDERING_PARAM": "ordering",
    "SEARCH_PARAM": "search",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
# Requests a minute for one person (or one address when nobody is logged in), by kind of action.
THROTTLE_RATES = {"read": 600, "write": 120, "login": 30}
# What an action in `step_up` asks of a login, and how it refuses one that did not show enough.
STEP_UP = "accounts.services.step_up.require_step_up"
STEP_UP_REFUSAL = "accounts.errors.StepUpRequired"
# What an action in `scopes` may refuse a third party's key with.
API_KEY_REFUSALS = [
    "accounts.errors.api_keys.ApiKeyInvalid",
    "accounts.errors.api_keys.TwoIdentities",
    "accounts.errors.api_keys.ScopeMissing",
    "accounts.errors.api_keys.ForeignAddress",
]
# What WeChat pushes, and who listens; anything else is acknowledged and nothing more.
WX_PUSH_HANDLERS = {
    "subscribe_msg_popup_event": "accounts.services.wechat_events.on_popup",
    "subscribe_msg_change_event": "accounts.services.wechat_events.on_change",
    "subscribe_msg_sent_event": "accounts.services.wechat_events.on_sent",
    "trade_manage_order_settlement": "commerce.services.wechat_shipping.on_settlement",
    "trade_manage_remind_shipping": "commerce.services.wechat_shipping.on_remind",
    "user_info_modified": "accounts.services.wechat_withdrawals.on_modified",
    "user_authorization_revoke": "accounts.services.wechat_withdrawals.on_revoked",
    "user_authorization_cancellation": "accounts.services.wechat_withdrawals.on_closed",
}
