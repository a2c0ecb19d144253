"""The menu: rows that staff may rename, reorder and hide; permission decides who sees which.

A hidden menu is no authority: every page and endpoint checks for itself (invariants R-4).
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.contrib.auth.models import Permission
from django.db import connection

from accounts.errors import MenuInUse, MenuMalformed, MenuTooDeep
from accounts.models import Menu, User
from config.addresses import is_public_address
from config.changes import note_change, set_fields
from config.db import transact
from config.errors import NotFound

Kind = Menu.Kind
_COLUMNS = [field.name for field in Menu._meta.concrete_fields if not field.primary_key]
_LINK = re.compile(r"admin:[a-z0-9_]+|/(?![/\\\\])\S*", re.ASCII)

# A directory, one in it, its pages: what a sidebar can show.
LEVELS = 3

# Pages that are no model's list, with what they ask for.
_PERMISSIONS = dict.fromkeys(
    (
        "admin:accounts_user_analysis",
        "admin:commerce_order_analysis",
        "admin:counseling_appointment_analysis",
        "admin:farm_animalclaim_analysis",
    ),
    "accounts.view_statistics",
) | {"admin:counseling_timeslot_week": "counseling.view_timeslot"}

# (title, icon, pages); a page is (title, icon, model) and asks for the model's view permission, or
# (title, icon, address).
MENUS = [
    (
        "心理咨询", "psychology",
        [
            ("预约", "event_available", "counseling.appointment"),
            ("预约争议", "gavel", "counseling.dispute"),
            ("来访者", "diversity_3", "counseling.clientprofile"),
            ("咨询师", "psychology_alt", "counseling.counselor"),
            ("咨询评价", "reviews", "counseling.review"),
            ("咨询师申请", "person_add", "counseling.counselorapplication"),
            ("咨询师资质", "workspace_premium", "counseling.qualification"),
            ("咨询记录查阅", "policy", "counseling.noteaccess"),
            ("咨询服务", "spa", "counseling.service"),
            ("每周排班", "date_range", "counseling.weeklytemplate"),
            ("日期例外", "event_busy", "counseling.scheduleexception"),
            ("节假日", "celebration", "counseling.holiday"),
            ("周历", "calendar_view_week", "admin:counseling_timeslot_week"),
            ("时段", "schedule", "counseling.timeslot"),
            ("休假", "beach_access", "counseling.leaverequest"),
            ("受影响预约", "event_busy", "counseling.affectedappointment"),
        ],
    ),
    (
        "订单与支付", "payments",
        [
            ("订单", "receipt_long", "commerce.order"),
            ("发货", "local_shipping", "commerce.shipment"),
            ("微信发货信息", "cloud_upload", "commerce.shippingreport"),
            ("支付记录", "account_balance_wallet", "commerce.payment"),
            ("退款", "currency_exchange", "commerce.refund"),
            ("线下收退款", "handshake", "commerce.offlinerecord"),
            ("资金异常", "report", "commerce.paymentanomaly"),
            ("账目", "menu_book", "commerce.ledgertransaction"),
            ("渠道账单", "request_quote", "commerce.bill"),
            ("对账差异", "rule", "commerce.billdifference"),
            ("支付通知", "webhook", "commerce.paymentnotice"),
            ("收货地址", "home_pin", "commerce.address"),
        ],
    ),
    (
        "商户", "storefront",
        [
            ("商户", "store", "commerce.merchant"),
            ("商品", "inventory_2", "commerce.product"),
            ("商户成员", "badge", "commerce.merchantmember"),
            ("商户邀请", "person_add", "commerce.merchantinvitation"),
            ("库存记录", "swap_vert", "commerce.stockmovement"),
            ("商户评价", "reviews", "commerce.merchantreview"),
            ("入驻申请", "contact_page", "commerce.merchantapplication"),
        ],
    ),
    (
        "动物认领", "pets",
        [
            ("动物", "cruelty_free", "farm.animal"),
            ("认领", "volunteer_activism", "farm.animalclaim"),
            ("认领协议", "contract", "farm.claimagreement"),
            ("动物动态", "feed", "farm.animalupdate"),
        ],
    ),
    (
        "内容", "article",
        [
            ("分类", "category", "content.category"),
            ("困扰标签", "sell", "content.diseasetag"),
            ("文件", "photo_library", "media.file"),
        ],
    ),
    (
        "数据分析", "monitoring",
        [
            ("用户分析", "insights", "admin:accounts_user_analysis"),
            ("订单分析", "bar_chart", "admin:commerce_order_analysis"),
            ("预约分析", "calendar_month", "admin:counseling_appointment_analysis"),
            ("认领分析", "volunteer_activism", "admin:farm_animalclaim_analysis"),
        ],
    ),
    (
        "用户与权限", "group",
        [
            ("用户", "person", "accounts.user"),
            ("用户标签", "label", "accounts.usertag"),
            ("导出任务", "download", "accounts.exportjob"),
            ("微信身份", "qr_code_2", "accounts.wechatidentity"),
            ("登录设备", "devices", "accounts.loginsession"),
            ("机构", "account_tree", "accounts.organisation"),
            ("角色", "badge", "accounts.role"),
            ("菜单", "menu", "accounts.menu"),
            ("注销申请", "person_remove", "accounts.accountdeletion"),
            ("API 密钥", "key", "accounts.apikey"),
            ("同意记录", "verified_user", "accounts.consent"),
        ],
    ),
    (
        "系统", "settings",
        [
            ("系统参数", "tune", "constance.config"),
            ("参数历史", "restore", "accounts.parameterchange"),
            ("定时任务", "timer", "django_celery_beat.periodictask"),
            ("通知", "notifications", "accounts.notification"),
            ("通知模板", "edit_notifications", "accounts.notificationtemplate"),
            ("协议文本", "gavel", "accounts.agreement"),
            ("操作日志", "history", "accounts.operationlog"),
            ("状态变更", "swap_horiz", "accounts.statuschange"),
            ("登录日志", "login", "accounts.loginlog"),
            ("短信验证码", "sms", "accounts.phonecode"),
            ("微信推送", "cloud_download", "accounts.wechatevent"),
            ("缓存", "memory", "accounts.cachepurge"),
            ("邮箱验证码", "mark_email_read", "accounts.emailcode"),
        ],
    ),
]  # fmt: skip


@dataclass(frozen=True)
class MenuNode:
    """One entry as a person sees it; children in their order."""

    id: int
    kind: str
    title: str
    icon: str
    link: str
    permission: str
    children: list["MenuNode"] = field(default_factory=list)


def menu_tree(user: User) -> list[MenuNode]:
    """What `user` may see, in one statement: a directory without anything in it is left out."""
    return list(_nodes(None, _by_parent(Menu.objects.filter(visible=True)), user))


def with_below(menus: Iterable[Menu]) -> list[Menu]:
    """The same entries, each with all entries under it in `below`, hidden ones too; one statement
    however many they are."""
    menus, children = list(menus), _by_parent(Menu.objects.all())
    for row in itertools.chain(menus, *children.values()):
        row.below = children.get(row.pk, [])
    return menus


def _by_parent(rows) -> dict[int | None, list[Menu]]:
    children: dict[int | None, list[Menu]] = {}
    for row in rows.order_by("sort_order", "pk"):
        children.setdefault(row.parent_id, []).append(row)
    return children


def _nodes(parent: int | None, children: dict, user: User) -> Iterator[MenuNode]:
    for row in children.get(parent, ()):
        if row.permission and not user.has_perm(row.permission):
            continue
        below = list(_nodes(row.pk, children, user))
        if below or row.kind != Kind.DIRECTORY:
            yield MenuNode(row.pk, row.kind, row.title, row.icon, row.link, row.permission, below)


def check_menu(pk: int | None, *, parent: Menu | None, link: str, permission: str) -> None:
    """Raise MenuMalformed for an entry below itself, a permission that does not exist or a link
    that is neither a page of ours nor a public address; MenuTooDeep beyond LEVELS."""
    above = 0
    while parent is not None:
        if parent.pk == pk:
            raise MenuMalformed
        parent, above = parent.parent, above + 1
    if above + _levels_from(pk) > LEVELS:
        raise MenuTooDeep(levels=LEVELS)
    app, _, codename = permission.partition(".")
    known = Permission.objects.filter(content_type__app_label=app, codename=codename)
    if (permission and not known.exists()) or (link and not _leads_somewhere(link)):
        raise MenuMalformed


def _leads_somewhere(link: str) -> bool:
    return bool(_LINK.fullmatch(link)) or is_public_address(link)


def _levels_from(pk: int | None) -> int:
    """How many an entry takes with all that is below it."""
    levels, row = 1, [] if pk is None else [pk]
    while row := list(Menu.objects.filter(parent__in=row).values_list("pk", flat=True)):
        levels += 1
    return levels


@transact
def save_menu(menu: Menu) -> None:
    """Write an entry, by the rules of check_menu(); two who move entries at once make no circle."""
    _lock()
    parent = Menu.objects.filter(pk=menu.parent_id).first()
    if menu.parent_id and parent is None:
        raise MenuMalformed
    check_menu(menu.pk, parent=parent, link=menu.link, permission=menu.permission)
    menu.save(update_fields=None if menu.pk is None else _COLUMNS)


@transact
def change_menu(menu_id: int | None = None, **fields) -> Menu:
    """Make an entry, or change some fields of the one with that id; as save_menu(), NotFound."""
    _lock()
    menu = Menu() if menu_id is None else _found(menu_id)
    set_fields(menu, fields)
    save_menu(menu)
    return menu


@transact
def delete_menu(menu_id: int) -> None:
    """Delete an entry that has none below it, else MenuInUse.  One of MENUS comes back with the
    next migrate: to be rid of it, hide it."""
    _lock()
    menu = _found(menu_id)
    if menu.children.exists():
        raise MenuInUse
    note_change(menu, {"title": (menu.title, None)})
    menu.delete()


def _found(menu_id: int) -> Menu:
    menu = Menu.objects.filter(pk=menu_id).first()
    if menu is None:
        raise NotFound
    return menu


@transact
def move_menu(menu_id: int, *, up: bool, actor: User | None = None) -> None:
    """Change places with the neighbour of the same directory; the first stays first."""
    _lock()
    menu = Menu.objects.get(pk=menu_id)
    siblings = list(Menu.objects.filter(parent=menu.parent_id).order_by("sort_order", "pk"))
    here = siblings.index(menu)
    there = here - 1 if up else here + 1
    if 0 <= there < len(siblings):
        siblings[here], siblings[there] = siblings[there], siblings[here]
        note_change(menu, {"place": (here + 1, there + 1)})
    for position, sibling in enumerate(siblings, start=1):
        Menu.objects.filter(pk=sibling.pk).update(sort_order=position * 10)


def _lock() -> None:
    list(Menu.objects.select_for_update().order_by("pk").values_list("pk"))


def sync_menus() -> None:
    """Add the menu rows that do not exist yet; what staff changed stays.

    A page is known by its link, a directory by its title.  Hide a row, do not delete it: a
    deleted one comes back with the next migrate.
    """
    links = set(Menu.objects.exclude(link="").values_list("link", flat=True))
    for order, (title, icon, pages) in enumerate(MENUS, start=1):
        missing = [page for page in enumerate(pages, start=1) if _link(page[1][2]) not in links]
        if not missing:
            continue
        directory, _ = Menu.objects.get_or_create(
            kind=Kind.DIRECTORY,
            title=title,
            parent=None,
            defaults={"icon": icon, "sort_order": order * 10},
        )
        Menu.objects.bulk_create(
            Menu(
                parent=directory,
                kind=Kind.PAGE,
                title=name,
                icon=icon,
                link=_link(label),
                permission=_permission(label),
                sort_order=position * 10,
            )
            for position, (name, icon, label) in missing
        )


def _link(label: str) -> str:
    return label if label in _PERMISSIONS else f"admin:{label.replace('.', '_')}_changelist"


def _permission(label: str) -> str:
    return _PERMISSIONS.get(label) or "{}.view_{}".format(*label.split("."))


def sync_menus_after_migrate(**kwargs) -> None:
    """post_migrate receiver; half-migrated databases have no menu table yet."""
    if Menu._meta.db_table in connection.introspection.table_names():
        sync_menus()
