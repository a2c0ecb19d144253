"""Every page of the back office × every role: what opens, what is refused, what nothing writes."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organisation
from accounts.services.role_editing import save_role
from tests.architecture.routes import OFFICE, walk
from tests.contract.matrix.check import checksum, writes
from tests.contract.matrix.world import STAFF
from tests.helpers import confirm

# The roles by a letter each, as the table below writes them.
LETTERS = {
    "C": "content_manager", "F": "finance", "K": "customer_service", "A": "admin",
    "S": "super_admin",
}  # fmt: skip
OUTSIDERS = ("anonymous", "owner", "counselor", "disabled")


@dataclass(frozen=True)
class Page:
    """Which roles may view, add, change and delete; actions: which may run each.

    step_up: before what the password is asked for again, actions and forms by name.
    """

    view: str
    add: str = ""
    change: str = ""
    delete: str = ""
    actions: dict[str, str] = field(default_factory=dict)
    step_up: frozenset[str] = frozenset()


PAGES = {
    "accounts.accountdeletion": Page("AS", actions={"cancel": "AS"}),
    "accounts.agreement": Page("S", add="S"),
    "accounts.cachepurge": Page("S"),
    "accounts.apikey": Page(
        "AS", add="AS", actions={"revoke": "AS"}, step_up=frozenset({"add", "revoke"})
    ),
    "accounts.consent": Page("AS"),
    "accounts.exportjob": Page("AS", actions={"cancel": "AS"}),
    "accounts.loginlog": Page("AS"),
    "accounts.loginsession": Page("AS", actions={"revoke": "AS"}),
    "accounts.menu": Page(
        "S", "S", "S", "S", dict.fromkeys(("delete_selected", "move_up", "move_down"), "S")
    ),
    "accounts.notification": Page("AS", actions={"send_again": "S"}),
    "accounts.notificationtemplate": Page("S", change="S"),
    "accounts.organisation": Page(
        "AS", "AS", "AS", "AS", step_up=frozenset({"change"})  # what roles reach hangs on it
    ),
    "accounts.operationlog": Page(
        "AS", actions={"export_csv": "AS"}, step_up=frozenset({"export_csv"})
    ),
    "accounts.parameterchange": Page("S", actions={"undo": "S"}, step_up=frozenset({"undo"})),
    "accounts.emailcode": Page("AS"),
    "accounts.phonecode": Page("AS"),
    "accounts.role": Page(  # the built-in ones are nobody's to delete
        "AS", "AS", "AS", step_up=frozenset({"add", "change", "delete"})
    ),
    "accounts.statuschange": Page("AS"),
    "accounts.user": Page(
        "AS", add="AS",
        actions=dict.fromkeys(
            (
                "disable", "enable", "unlock", "new_password", "give_role", "take_role", "place",
                "delete_people", "put_tag", "take_tag", "export_chosen",
            ),
            "AS",
        ) | {"reset_second_factor": "S"},
        step_up=frozenset(
            {
                "disable", "reset_second_factor", "give_role", "take_role", "delete_people",
                "export_chosen", "place",
            }
        ),
    ),
    "accounts.wechatevent": Page("AS"),
    "accounts.usertag": Page("AS", "AS", "AS", "AS", {"merge": "AS"}),
    "accounts.wechatidentity": Page("AS"),
    "commerce.address": Page("AS"),
    "commerce.bill": Page("FS", actions={"run_again": "FS"}),
    "commerce.billdifference": Page(
        "FS",
        actions=dict.fromkeys(("take", "add_note", "resolve"), "FS") | {"export_chosen": "S"},
        step_up=frozenset({"export_chosen"}),
    ),
    "commerce.ledgertransaction": Page(
        "FS", actions={"export_chosen": "S"}, step_up=frozenset({"export_chosen"})
    ),
    "commerce.merchant": Page(
        "AS", actions=dict.fromkeys(("approve", "reject", "suspend", "commission"), "AS"),
        step_up=frozenset({"commission"}),
    ),
    "commerce.merchantreview": Page("CAS", actions=dict.fromkeys(("hide", "restore"), "CAS")),
    "commerce.merchantapplication": Page(
        "AS", actions=dict.fromkeys(("accept", "decline"), "AS")
    ),
    "commerce.merchantinvitation": Page("AS"),
    "commerce.merchantmember": Page("AS"),
    "commerce.offlinerecord": Page(
        "FS", actions=dict.fromkeys(("confirm", "refuse"), "FS"), step_up=frozenset({"confirm"})
    ),
    "commerce.order": Page(
        "FKAS", actions={"cancel_orders": "FKAS", "export_chosen": "AS"},
        step_up=frozenset({"export_chosen"}),
    ),
    "commerce.payment": Page(
        "FKAS", actions={"export_chosen": "AS"}, step_up=frozenset({"export_chosen"})
    ),
    "commerce.paymentanomaly": Page("FS", actions={"mark_handled": "FS"}),
    "commerce.paymentnotice": Page("FS"),
    "commerce.product": Page("AS", actions=dict.fromkeys(("approve", "reject"), "AS")),
    "commerce.refund": Page(
        "FKAS",
        actions=dict.fromkeys(("approve", "confirm", "reject", "retry"), "FS")
        | {"export_chosen": "AS"},
        step_up=frozenset({"approve", "confirm", "retry", "export_chosen"}),
    ),
    "commerce.shipment": Page("FKAS"),
    "commerce.shippingreport": Page("FKAS", actions={"upload_again": "FKAS"}),
    "commerce.stockmovement": Page("AS"),
    "constance.config": Page("S", change="S", step_up=frozenset({"change"})),
    "content.category": Page("CAS", "CAS", "CAS", "CAS"),
    "content.diseasetag": Page("CAS", "CAS", "CAS", "CAS", {"merge": "CAS"}),
    "counseling.affectedappointment": Page("AS", actions={"cancel_selected": "AS"}),
    "counseling.leaverequest": Page(
        "AS", "AS", actions=dict.fromkeys(("approve", "reject"), "AS")
    ),
    "counseling.appointment": Page(
        "KAS",
        actions=dict.fromkeys(("cancel_selected", "complete_selected", "no_show_selected"), "KAS"),
    ),
    "counseling.clientprofile": Page("S"),
    "counseling.dispute": Page("KAS"),
    "counseling.counselor": Page(
        "KAS", "AS", "AS", actions=dict.fromkeys(
            ("publish_selected", "send_back_selected", "suspend_selected"), "AS"
        ),
    ),
    "counseling.holiday": Page("AS", "AS", "AS", "AS", {"delete_selected": "AS"}),
    "counseling.scheduleexception": Page("AS", "AS", "AS", "AS", {"delete_selected": "AS"}),
    "counseling.noteaccess": Page(
        "S", add="S", actions=dict.fromkeys(("approve", "reject", "close"), "S"),
        step_up=frozenset({"approve"}),
    ),
    "counseling.review": Page("CAS", actions=dict.fromkeys(("hide", "restore"), "CAS")),
    "counseling.counselorapplication": Page(
        "AS", actions=dict.fromkeys(("approve", "reject"), "AS")
    ),
    "counseling.qualification": Page("AS", actions=dict.fromkeys(("approve", "reject"), "AS")),
    "counseling.service": Page("AS", "AS", "AS"),
    "counseling.timeslot": Page(
        "KAS", "AS", "AS", actions=dict.fromkeys(("close_selected", "reopen_selected"), "AS")
    ),
    "counseling.weeklytemplate": Page(
        "AS", "AS", "AS", "AS", {"delete_selected": "AS", "make_slots": "AS"}
    ),
    "django_celery_beat.periodictask": Page(
        "S", change="S", actions=dict.fromkeys(("enable", "pause", "run_now"), "S")
    ),
    "farm.animal": Page("KAS", actions=dict.fromkeys(("approve", "reject"), "AS")),
    "farm.animalclaim": Page(
        "KAS",
        actions=dict.fromkeys(("end_selected", "refuse_selected", "renew_selected"), "KAS")
        | {"export_chosen": "AS"},
        step_up=frozenset({"export_chosen"}),
    ),
    "farm.animalupdate": Page("KAS"),
    "farm.claimagreement": Page("KAS", actions={"retry_selected": "KAS"}),
    "media.file": Page("AS", actions={"remove": "AS"}),
}  # fmt: skip
REGISTERED = {model._meta.label_lower: entry for model, entry in admin.site._registry.items()}
# Pages of the site itself; each shows only what its reader may see.
SITE = {
    "index", "login", "logout", "search", "autocomplete", "jsi18n", "view_on_site", "app_list",
    "password_change", "password_change_done", "", "accounts_operationlog_analysis",
    "accounts_user_export_rows", "accounts_exportjob_download",
    "login_code", "second_factor", "second_factor_begin", "second_factor_enrol",
    "second_factor_codes", "second_factor_remove",
    "accounts_operationlog_files", "accounts_cachepurge_purge",
    "accounts_user_analysis", "accounts_user_export_analysis",
    "commerce_order_analysis", "commerce_order_export_analysis",
    "farm_animalclaim_analysis", "farm_animalclaim_export_analysis",
    "counseling_appointment_analysis", "counseling_appointment_export_analysis",
    # commerce/test_merchants_office.py
    "commerce_address_reveal", "commerce_merchant_reveal", "commerce_merchantapplication_reveal",
    "commerce_merchant_decide", "commerce_merchantapplication_decide", "commerce_product_decide",
    "commerce_order_export_rows", "commerce_payment_export_rows", "commerce_refund_export_rows",
    "commerce_ledgertransaction_export_rows", "commerce_billdifference_export_rows",
    "farm_animalclaim_export_rows",
    "commerce_order_by_hand", "commerce_refund_by_hand",  # commerce/test_offline_office.py
    # counseling/test_affected.py
    "counseling_leaverequest_decide", "counseling_affectedappointment_offer",
    "counseling_appointment_move",  # counseling/test_rescheduling_office.py
    "counseling_holiday_import_file",  # counseling/test_schedule_office.py
    # counseling/test_practice_office.py
    "counseling_counselor_decide", "counseling_counselorapplication_decide",
    "counseling_qualification_decide", "counseling_qualification_reveal",
    "counseling_timeslot_week",
    "counseling_timeslot_batch",  # counseling/test_schedule_office.py
    "accounts_user_reveal", "counseling_clientprofile_reveal",  # accounts/test_reveals.py
    "counseling_dispute_reveal", "counseling_dispute_decide",  # counseling/test_disputes.py
    "counseling_dispute_evidence",  # counseling/test_evidence.py
    "commerce_payment_proof", "commerce_offlinerecord_proof",  # commerce/test_offline_proof.py
    "counseling_noteaccess_read",  # accounts/test_reveals.py
}  # fmt: skip


def browser(world, actor) -> Client:
    client = Client(raise_request_exception=False)
    if actor in world.users:
        client.force_login(world.users[actor])
    return client


def roles(letters: str) -> set[str]:
    return {LETTERS[letter] for letter in letters}


def pages_of(label: str, row=None) -> dict[str, str]:
    """{what it is for: its address}, of a row (the first) if there is one."""
    app, model = label.split(".")
    names = {"view": "changelist"}
    if label != "constance.config":  # a form, no table
        names["add"] = "add"
        row = row or REGISTERED[label].model._default_manager.order_by("pk").first()
        if row is not None:
            names |= {"change": "change", "delete": "delete", "history": "history"}
    return {
        what: reverse(
            f"admin:{app}_{model}_{name}", args=[] if what in {"view", "add"} else [row.pk]
        )
        for what, name in names.items()
    }


def may(page: Page, what: str) -> set[str]:
    if what in {"change", "history"}:  # whoever may look opens the form, read-only
        return roles(page.view) | roles(page.change)
    return roles(getattr(page, what))


def wrong(label: str, page: Page, world) -> list[str]:
    found = []
    clients = {actor: browser(world, actor) for actor in (*STAFF, *OUTSIDERS)}
    with writes() as tried:
        for what, address in pages_of(label).items():
            for actor, client in clients.items():
                status = client.get(address).status_code
                if actor in OUTSIDERS:
                    fine = status == 302
                elif actor in may(page, what):
                    fine = status in {200, 302}  # 302: there is no such row
                else:
                    fine = status == 403
                if not fine:
                    found.append(f"{actor} {what}: {status}")
    return [*found, *tried]


def test_the_table_knows_every_page_and_no_other():
    assert set(PAGES) == set(REGISTERED)


def test_every_other_address_of_the_site_is_known():
    of_models = ("_changelist", "_add", "_change", "_delete", "_history")
    names = {
        route.name
        for route in walk()
        if route.kind == OFFICE and not route.name.endswith(of_models)
    }
    assert names - SITE == set()


@pytest.mark.parametrize("label", PAGES)
def test_each_role_opens_what_it_may_and_nothing_else(label, world):
    assert wrong(label, PAGES[label], world) == []


@pytest.mark.parametrize("label", PAGES)
def test_each_role_is_offered_its_actions(label, world, rf):
    offered = {}
    for role in STAFF:
        request = rf.get("/admin/")
        request.user = world.users[role]
        for name in REGISTERED[label].get_actions(request):
            offered.setdefault(name, set()).add(role)

    assert offered == {name: roles(letters) for name, letters in PAGES[label].actions.items()}


@pytest.mark.parametrize(
    ("label", "action"), [(label, name) for label, page in PAGES.items() for name in page.actions]
)
def test_an_action_that_is_not_offered_does_nothing(label, action, world):
    """The name of an action is no secret: posting it without the permission changes nothing."""
    model = REGISTERED[label].model
    rows = list(model._default_manager.values_list("pk", flat=True)[:5])
    for actor in (*STAFF, *OUTSIDERS):
        if actor in roles(PAGES[label].actions[action]):
            continue
        client = browser(world, actor)
        with writes() as tried:
            response = client.post(
                pages_of(label)["view"], {"action": action, "_selected_action": rows, "post": "yes"}
            )
        assert response.status_code in {200, 302, 403}, actor  # 200: the list again
        assert tried == [], actor


@pytest.mark.parametrize("label", PAGES)
def test_the_password_is_asked_for_before_what_the_table_says(label, world):
    assert getattr(REGISTERED[label], "step_up", frozenset()) == PAGES[label].step_up


@pytest.mark.parametrize(
    ("label", "what"),
    [(label, what) for label, page in PAGES.items() for what in sorted(page.step_up)],
)
def test_without_the_password_nothing_happens(label, what, world):
    if label == "accounts.role":
        save_role("night", name="夜班", permissions=[], actor=None)
    if label == "accounts.organisation":
        Organisation.objects.create(name="北区")
    row = (
        REGISTERED[label].model._default_manager.order_by("-pk").first()
        if (label != "constance.config")
        else None
    )
    pages = pages_of(label, row)
    body = {"post": "yes"}
    if what in PAGES[label].actions:
        body |= {"action": what, "_selected_action": [row.pk if row else 1]}
    client = browser(world, "super_admin")
    confirm(client, world.super_admin, at=timezone.now() - timedelta(seconds=300))
    before = checksum()

    response = client.post(pages.get(what, pages["view"]), body)

    assert response.status_code == 200
    assert "这是敏感操作，请再次输入登录密码" in response.content.decode()
    assert checksum() == before


@pytest.mark.parametrize("actor", OUTSIDERS)
@pytest.mark.parametrize("path", ["", "search/?s=a", "autocomplete/", "accounts/", "jsi18n/"])
def test_outsiders_are_sent_to_the_login(path, actor, world):
    response = browser(world, actor).get(f"/admin/{path}")

    assert response.status_code == 302
    assert response.headers["Location"].startswith("/admin/login/")


def test_autocomplete_asks_for_the_permission_of_what_it_searches(world):
    query = {"app_label": "commerce", "model_name": "payment", "field_name": "order", "term": "ORD"}
    response = browser(world, "content_manager").get("/admin/autocomplete/", query)

    assert response.status_code == 403
    assert world.order.number not in response.content.decode()


def test_a_token_of_the_api_opens_no_page(world):
    headers = world.clients["super_admin"].headers

    assert Client(headers=headers).get("/admin/").status_code == 302


def test_a_page_that_was_opened_to_everybody_is_found(world, monkeypatch):
    office = type(REGISTERED["commerce.paymentanomaly"])
    monkeypatch.setattr(office, "has_view_permission", lambda self, request, obj=None: True)

    with transaction.atomic():
        found = wrong("commerce.paymentanomaly", PAGES["commerce.paymentanomaly"], world)

    assert "content_manager view: 200" in found
