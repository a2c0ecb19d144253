"""Roles and permissions as literals: the one source for the API, the back office and menus.

PERMISSIONS maps the names people use to Django permissions ("app.codename"; "app.*" is all of
an app, "app.view_*" its view permissions).  ROLES maps role codes to those names.
services.role_sync.sync_roles() makes the groups match after every migrate.
"""

from dataclasses import dataclass, field

# What the names are called in the back office.
LABELS: dict[str, str] = {
    "user:manage": "用户管理",
    "organisation:manage": "机构管理",
    "role:manage": "角色管理",
    "permission:manage": "菜单与权限管理",
    "content:review": "内容审核",
    "content:publish": "内容发布",
    "file:manage": "文件管理",
    "data:view": "查看统计",
    "data:export": "导出数据",
    "data:unmask": "导出未脱敏数据",
    "privacy:reveal": "查看完整手机号、邮箱、收货信息、商户联系人与证书编号",
    "privacy:reveal_client": "查看来访者完整信息",
    "system:config": "系统配置",
    "apikey:manage": "API 密钥管理",
    "log:view": "查看日志",
    "counselor:review": "咨询师审核",
    "schedule:manage": "排班管理",
    "appointment:manage": "预约管理",
    "notes:supervise": "申请查阅咨询记录",
    "notes:approve": "批准查阅咨询记录",
    "merchant:review": "商户审核",
    "animal:review": "动物审核",
    "claim:manage": "认领管理",
    "order:manage": "订单管理",
    "refund:approve": "退款审批",
    "payment:offline": "线下收款与退款",
    "finance:books": "账目与对账",
    "practice:own": "本人执业",
}

# What a third party's key can be allowed; viewsets name them in `scopes`.
SCOPES: dict[str, str] = {
    "counselor:read": "查看咨询师",
    "slot:read": "查看可预约时段",
    "category:read": "查看分类",
    "tag:read": "查看困扰标签",
}

PERMISSIONS: dict[str, list[str]] = {
    "user:manage": [
        "accounts.view_user",
        "accounts.add_user",
        "accounts.change_user",
        "accounts.disable_user",
        "accounts.view_organisation",
        "accounts.delete_user",
        "accounts.view_accountdeletion",
        "accounts.*_usertag",
        "commerce.view_address",
        "accounts.view_wechatidentity",
        "accounts.view_loginsession",
        "accounts.revoke_loginsession",
        "accounts.view_loginlog",
    ],
    "organisation:manage": [
        "accounts.view_organisation",
        "accounts.add_organisation",
        "accounts.change_organisation",
        "accounts.delete_organisation",
    ],
    "role:manage": [
        "accounts.view_role",
        "accounts.add_role",
        "accounts.change_role",
        "accounts.delete_role",
        "accounts.assign_role",
        "auth.view_group",
    ],
    "permission:manage": [
        "auth.view_permission",
        "accounts.view_menu",
        "accounts.add_menu",
        "accounts.change_menu",
        "accounts.delete_menu",
    ],
    "content:review": [
        "content.view_*",
        "commerce.view_merchantreview",
        "commerce.moderate_merchantreview",
        "counseling.view_review",
        "counseling.moderate_review",
    ],
    "content:publish": [
        "content.view_*",
        "content.add_*",
        "content.change_*",
        "content.delete_*",
    ],
    "file:manage": ["media.view_file", "media.delete_file"],
    "data:view": ["accounts.view_statistics"],
    "data:export": ["accounts.export_data", "accounts.view_exportjob"],
    "data:unmask": ["accounts.export_unmasked"],
    "privacy:reveal": [
        "accounts.reveal_user",
        "commerce.reveal_order",
        "commerce.reveal_address",
        "commerce.reveal_merchant",
        "commerce.reveal_merchantapplication",
        "counseling.reveal_qualification",
    ],
    "privacy:reveal_client": ["counseling.reveal_clientprofile"],
    "system:config": [
        "constance.view_config",
        "constance.change_config",
        "accounts.view_parameterchange",
        "accounts.view_cachepurge",
        "accounts.add_cachepurge",
        "accounts.view_notificationtemplate",
        "accounts.change_notificationtemplate",
        "accounts.view_notification",
        "accounts.resend_notification",
        "accounts.view_agreement",
        "accounts.add_agreement",
        "django_celery_beat.view_periodictask",
        "django_celery_beat.change_periodictask",
    ],
    "apikey:manage": [
        "accounts.view_apikey",
        "accounts.add_apikey",
        "accounts.revoke_apikey",
    ],
    "log:view": [
        "accounts.view_operationlog",
        "accounts.view_statuschange",
        "accounts.view_loginlog",
        "accounts.view_phonecode",
        "accounts.view_wechatevent",
        "accounts.view_emailcode",
        "accounts.view_notification",
        "accounts.view_consent",
    ],
    "counselor:review": [
        "counseling.view_counselor",
        "counseling.add_counselor",
        "counseling.change_counselor",
        "counseling.publish_counselor",
        "counseling.view_service",
        "counseling.add_service",
        "counseling.change_service",
        "counseling.view_location",
        "counseling.add_location",
        "counseling.change_location",
        "counseling.view_counselorapplication",
        "counseling.review_counselorapplication",
        "counseling.view_qualification",
        "counseling.review_qualification",
    ],
    "schedule:manage": [
        "counseling.view_counselor",
        "counseling.view_weeklytemplate",
        "counseling.add_weeklytemplate",
        "counseling.change_weeklytemplate",
        "counseling.delete_weeklytemplate",
        "counseling.*_scheduleexception",
        "counseling.*_holiday",
        "counseling.view_timeslot",
        "counseling.add_timeslot",
        "counseling.change_timeslot",
        "counseling.view_leaverequest",
        "counseling.add_leaverequest",
        "counseling.review_leaverequest",
        "counseling.view_affectedappointment",
        "counseling.handle_affectedappointment",
    ],
    "appointment:manage": [
        "counseling.view_appointment",
        "counseling.cancel_appointment",
        "counseling.complete_appointment",
        "counseling.reschedule_appointment",
        "counseling.view_dispute",
        "counseling.decide_dispute",
        "counseling.reveal_dispute",
        "counseling.view_counselor",
        "counseling.view_timeslot",
        "commerce.view_order",
    ],
    # No built-in role holds these but super_admin's all; whoever asks cannot approve.
    "notes:supervise": ["counseling.view_noteaccess", "counseling.request_noteaccess"],
    "notes:approve": ["counseling.view_noteaccess", "counseling.approve_noteaccess"],
    "merchant:review": [
        "commerce.view_merchant",
        "commerce.review_merchant",
        "commerce.commission_merchant",
        "commerce.view_merchantapplication",
        "commerce.handle_merchantapplication",
        "commerce.view_merchantinvitation",
        "commerce.view_merchantmember",
        "commerce.view_product",
        "commerce.review_product",
        "commerce.view_stockmovement",
    ],
    "animal:review": ["farm.view_animal", "farm.review_animal", "farm.view_animalupdate"],
    "claim:manage": [
        "farm.view_animal",
        "farm.view_animalclaim",
        "farm.end_animalclaim",
        "farm.view_claimagreement",
        "farm.renew_claimagreement",
        "farm.view_animalupdate",
        "commerce.view_order",
    ],
    "order:manage": [
        "commerce.view_order",
        "commerce.cancel_order",
        "commerce.ship_order",
        "commerce.view_shipment",
        "commerce.view_shippingreport",
        "commerce.retry_shippingreport",
        "commerce.view_payment",
        "commerce.view_refund",
    ],
    "refund:approve": [
        "commerce.view_order",
        "commerce.view_payment",
        "commerce.view_refund",
        "commerce.approve_refund",
        "commerce.view_paymentnotice",
        "commerce.view_paymentanomaly",
        "commerce.handle_paymentanomaly",
    ],
    "payment:offline": [
        "commerce.view_order",
        "commerce.view_payment",
        "commerce.view_refund",
        "commerce.view_offlinerecord",
        "commerce.handle_offlinerecord",
    ],
    "finance:books": [
        "commerce.view_ledgertransaction",
        "commerce.view_bill",
        "commerce.import_bill",
        "commerce.view_billdifference",
        "commerce.handle_billdifference",
    ],
    "practice:own": ["counseling.practise"],
}


@dataclass(frozen=True)
class RoleSpec:
    """staff: may open the back office.  everything: holds every permission there is.

    parent: the role whose permissions this one has besides its own.
    """

    name: str
    description: str
    permissions: list[str] = field(default_factory=list)
    data_scope: str = "all"
    staff: bool = True
    everything: bool = False
    parent: str | None = None


SUPER_ADMIN = "super_admin"

ROLES: dict[str, RoleSpec] = {
    SUPER_ADMIN: RoleSpec("超级管理员", "全部权限", everything=True),
    "admin": RoleSpec(
        "管理员",
        "日常运营：用户、内容、咨询与订单",
        [
            "user:manage",
            "organisation:manage",
            "role:manage",
            "file:manage",
            "data:view",
            "data:export",
            "privacy:reveal",
            "privacy:reveal_client",
            "apikey:manage",
            "log:view",
            "counselor:review",
            "schedule:manage",
            "appointment:manage",
            "merchant:review",
            "animal:review",
            "claim:manage",
            "order:manage",
        ],
        parent="content_manager",
    ),
    "content_manager": RoleSpec(
        "内容管理员", "内容的审核与发布", ["content:review", "content:publish"]
    ),
    "counselor": RoleSpec(
        "咨询师", "自己的排班与预约", ["practice:own"], data_scope="own", staff=False
    ),
    "merchant": RoleSpec("商户", "自己的商品与订单", data_scope="own", staff=False),
    "finance": RoleSpec(
        "财务",
        "订单、支付与退款",
        ["order:manage", "refund:approve", "payment:offline", "finance:books", "data:view"],
    ),
    "customer_service": RoleSpec(
        "客服",
        "查看并协助处理预约、认领与订单",
        ["appointment:manage", "claim:manage", "order:manage"],
    ),
}
