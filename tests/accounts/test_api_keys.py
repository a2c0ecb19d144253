"""Keys of third parties: what they open, what ends them, and that their secret is nowhere."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.api_keys import digest_of
from accounts.models import ApiKey, Notification, OperationLog, User
from accounts.rbac import SCOPES
from accounts.services.api_keys import create_key, revoke_key, warn_of_expiring
from accounts.services.users import disable_user
from config.logs import scrub
from tests.architecture.routes import api_routes
from tests.factories.accounts import StaffFactory, UserFactory
from tests.helpers import Api, data, refusal

INVALID, CLOSED = (401, 11110), (403, 11112)


@pytest.fixture
def owner(db):
    return UserFactory(nickname="合作医院")


@pytest.fixture
def make(owner):
    """make(days=3) is (the row, a client that sends it); made with every scope."""

    def one(**wishes):
        wanted = {"name": "合作方", "scopes": list(SCOPES), "days": 30, "actor": None} | wishes
        row, text = create_key(owner.pk, **wanted)
        return row, holder(text)

    return one


def holder(text) -> Api:
    api = Api()
    api.headers["X-API-Key"] = text
    return api


# -- what a key opens


def test_a_key_reads_what_its_scopes_name(make):
    _, api = make(scopes=["category:read"])

    data(api.get("/category"))
    assert refusal(api.get("/counselor")) == CLOSED
    assert api.get("/counselor").json()["data"] == {"scope": "counselor:read"}


def test_a_key_opens_nothing_without_a_scope_whoever_its_owner_is(make, owner):
    owner.is_superuser = owner.is_staff = True
    owner.save()
    _, api = make()

    for path in ("/user", "/users/profile", "/health", "/api-keys", "/order"):
        assert refusal(api.get(path)) == CLOSED
    assert refusal(api.post("/category", {"name": "x", "slug": "x"})) == CLOSED


def test_a_key_sees_what_everybody_sees_not_what_its_owner_does(make, owner):
    from content.models import Category

    Category.objects.create(name="停用的", slug="gone", is_active=False)
    owner.is_superuser = owner.is_staff = True
    owner.save()
    _, api = make()

    assert data(api.get("/category"))["list"] == []
    assert len(data(Api(owner).get("/category"))["list"]) == 1


def test_scopes_are_on_public_reads_alone_and_all_are_known():
    declared = {
        (route.method, route.viewset.permissions[route.action], route.viewset.scopes[route.action])
        for route in api_routes()
        if route.action in route.viewset.scopes
    }
    assert {(method, rule) for method, rule, _ in declared} == {("GET", "public")}
    assert {scope for _, _, scope in declared} == set(SCOPES)


def test_a_key_and_a_token_together_are_refused(make, owner):
    _, api = make()
    api.headers["Authorization"] = Api(owner).headers["Authorization"]
    assert refusal(api.get("/category")) == (400, 11111)

    api.headers["Authorization"] = "Basic YTpi"
    assert refusal(api.get("/category")) == (400, 11111)


def test_a_key_in_place_of_a_token_is_no_token(make):
    _, api = make()
    text = api.headers.pop("X-API-Key")

    assert api.get("/category", Authorization=f"Bearer {text}").status_code == 401


# -- what is refused


def test_forged_keys_are_one_refusal(make):
    _, api = make()
    text = api.headers["X-API-Key"]
    prefix, secret = text[4:16], text[17:]
    forged = [
        "", "x", "bxk_", text[:-1], text + "A", text.upper(), f"bxk_{prefix}_{'A' * 43}",
        f"bxk_{'0' * 12}_{secret}", f"bxk_{prefix}_{digest_of(secret)[:43]}", f" {text}x",
        f"bxk_{prefix}_{secret[:-1]}é", "\x00" * 60, f"bxk_{prefix}'--_{secret}", "a" * 10_000,
        f"bxk_{prefix.replace(prefix[0], '０', 1)}_{secret}", secret, prefix,
    ]  # fmt: skip
    for text in forged:
        assert refusal(holder(text).get("/category")) == INVALID, text


def test_a_key_whose_prefix_is_anothers_does_not_fit(make):
    _, first = make()
    _, second = make()
    mixed = first.headers["X-API-Key"][:17] + second.headers["X-API-Key"][17:]

    assert refusal(holder(mixed).get("/category")) == INVALID


def test_a_key_ends_at_its_time(make):
    row, api = make(days=1)
    with time_machine.travel(row.expires_at - timedelta(seconds=1), tick=False):
        data(api.get("/category"))
    with time_machine.travel(row.expires_at, tick=False):
        assert refusal(api.get("/category")) == INVALID


def test_revoking_counts_with_the_next_request(make):
    row, api = make()
    data(api.get("/category"))

    revoke_key(row.pk, actor=None)

    assert refusal(api.get("/category")) == INVALID


def test_disabling_its_owner_kills_it_and_enabling_brings_it_back(make, owner):
    _, api = make()
    disable_user(owner.pk, actor=StaffFactory("super_admin"), reason="违约")
    assert refusal(api.get("/category")) == INVALID

    User.objects.filter(pk=owner.pk).update(status="active")
    data(api.get("/category"))


@pytest.mark.parametrize(
    ("networks", "address", "allowed"),
    [
        (["203.0.113.0/24"], "203.0.113.9", True),
        (["203.0.113.0/24"], "203.0.114.9", False),
        (["198.51.100.7", "203.0.113.0/24"], "198.51.100.7", True),
        (["203.0.113.0/24"], "::ffff:203.0.113.9", True),
        (["2001:db8::/32"], "2001:db8::1", True),
        (["2001:db8::/32"], "203.0.113.9", False),
    ],
)
def test_a_foreign_address_is_refused(make, networks, address, allowed):
    _, api = make(networks=networks)
    api.client.defaults["REMOTE_ADDR"] = address

    answer = api.get("/category", X_Forwarded_For="203.0.113.9")

    assert answer.status_code == (200 if allowed else 403)
    assert allowed or refusal(answer) == (403, 11113)


# -- counted


def test_its_limit_is_kept_exactly_and_per_key(make):
    _, api = make(per_minute=3)
    _, other = make(per_minute=3)
    start = timezone.now().replace(second=0, microsecond=0)
    with time_machine.travel(start, tick=False) as clock:
        codes = [api.get("/category").status_code for _ in range(5)]
        assert codes == [200, 200, 200, 429, 429]
        assert int(api.get("/category").headers["Retry-After"]) == 60
        data(other.get("/category"))

        clock.shift(60)
        data(api.get("/category"))


def test_what_is_refused_does_not_count(make):
    row, api = make(per_minute=2, scopes=["category:read"])
    for _ in range(5):
        api.get("/counselor")

    row.refresh_from_db()
    assert row.used == 0


def test_the_last_use_is_noted_once_a_minute(make):
    row, api = make()
    start = timezone.now().replace(second=10, microsecond=0)
    with time_machine.travel(start, tick=False) as clock:
        api.get("/category")
        clock.shift(30)
        api.get("/category")
        row.refresh_from_db()
        assert (row.last_used_at, row.used) == (start, 2)

        clock.shift(30)
        api.get("/category")
        row.refresh_from_db()
        assert (row.last_used_at, row.used) == (start + timedelta(seconds=60), 1)


@time_machine.travel("2026-11-21T12:00:10Z", tick=False)
def test_a_key_costs_two_statements(make, django_assert_num_queries):
    _, api = make()
    api.get("/disease-tags")  # the minute has begun
    with django_assert_num_queries(1):
        Api().get("/disease-tags")

    with django_assert_num_queries(3):
        api.get("/disease-tags")


# -- made and ended


def test_staff_make_list_and_revoke_keys_over_the_api(owner):
    root = Api(StaffFactory("super_admin"))
    body = {"owner_id": owner.pk, "name": "小程序网站", "scopes": ["slot:read"], "days": 90}

    made = data(root.post("/api-keys", body), 201)

    data(holder(made["key"]).get("/time-slots/days", {"counselor": 1, "month": "2026-11"}))
    (row,) = data(root.get("/api-keys"))["list"]
    assert (row["prefix"], row["state"], row["per_minute"]) == (made["prefix"], "live", 60)
    assert "key" not in row
    data(root.delete(f"/api-keys/{row['id']}"))
    assert data(root.get("/api-keys"))["list"][0]["state"] == "revoked"
    assert refusal(root.delete(f"/api-keys/{row['id']}")) == (409, 10409)
    assert refusal(holder(made["key"]).get("/category")) == INVALID


@pytest.mark.parametrize(
    ("wish", "answer"),
    [
        ({"scopes": ["user:manage"]}, (400, 10400)), ({"scopes": []}, (400, 10400)),
        ({"days": 367}, (400, 10400)), ({"per_minute": 0}, (400, 10400)),
        ({"networks": ["not-an-address"]}, (422, 11114)), ({"owner_id": 999_999}, (404, 10404)),
    ],
)  # fmt: skip
def test_what_no_key_can_have_is_refused(owner, wish, answer):
    root = Api(StaffFactory("super_admin"))
    body = {"owner_id": owner.pk, "name": "x", "scopes": ["slot:read"], "days": 1} | wish

    assert refusal(root.post("/api-keys", body)) == answer
    assert not ApiKey.objects.exists()


def test_nobody_has_more_than_ten(make):
    for _ in range(10):
        row, _ = make()
    with pytest.raises(Exception, match="已达上限"):
        make()

    revoke_key(row.pk, actor=None)
    make()


def test_making_one_takes_a_step_up(owner):
    root = Api(StaffFactory("super_admin"), stepped_up=False)
    body = {"owner_id": owner.pk, "name": "x", "scopes": ["slot:read"], "days": 1}

    assert refusal(root.post("/api-keys", body)) == (403, 11100)
    assert not ApiKey.objects.exists()


def test_its_owner_hears_of_it_and_of_its_end_once(make, owner):
    row, _ = make(days=30)
    assert warn_of_expiring(now=timezone.now()) == 0
    soon = row.expires_at - timedelta(days=14)

    assert [warn_of_expiring(now=soon), warn_of_expiring(now=soon)] == [1, 0]
    revoke_key(row.pk, actor=None)

    sent = Notification.objects.filter(user=owner, channel="in_app").order_by("pk")
    assert [notice.template for notice in sent] == [
        "api_key_created", "api_key_expiring", "api_key_revoked",
    ]  # fmt: skip


def test_in_the_back_office_the_key_is_shown_once_and_kept_nowhere(owner):
    browser = Client()
    browser.force_login(StaffFactory("super_admin"))
    form = {
        "name": "合作医院", "owner": owner.pk, "scopes": ["slot:read", "category:read"],
        "days": 90, "per_minute": 120, "networks": "203.0.113.7\n198.51.100.0/24",
    }  # fmt: skip

    page = browser.post(reverse("admin:accounts_apikey_add"), form)

    row = ApiKey.objects.get()
    text = page.content.decode().split('office-key">')[1].split("<")[0]
    assert digest_of(text[17:]) == row.digest
    assert (row.per_minute, row.networks) == (120, ["203.0.113.7/32", "198.51.100.0/24"])
    data(Api().get("/category"))
    for path in (
        reverse("admin:accounts_apikey_changelist"),
        reverse("admin:accounts_apikey_change", args=[row.pk]),
        reverse("admin:accounts_apikey_history", args=[row.pk]),
    ):
        assert text[17:] not in browser.get(path).content.decode()
    (log,) = OperationLog.objects.filter(operation="apikey:create")
    assert log.status == "success"
    assert text[17:] not in str(log.request_params) + str(log.changes)
    assert text[17:] not in str(list(Notification.objects.values()))


def test_a_wrong_form_says_why_and_makes_nothing(owner):
    browser = Client()
    browser.force_login(StaffFactory("super_admin"))
    form = {
        "name": "x", "owner": owner.pk, "scopes": ["slot:read"], "days": 90, "per_minute": 1,
        "networks": "somewhere",
    }  # fmt: skip

    page = browser.post(reverse("admin:accounts_apikey_add"), form)

    assert "须为 IP 地址或网段" in page.content.decode()
    assert not ApiKey.objects.exists()


def test_P6_a_key_is_hidden_wherever_it_is_logged(make):
    from accounts.redaction import redact

    _, api = make()
    text = api.headers["X-API-Key"]

    assert text[17:] not in scrub(f"GET /x failed with {text}")
    assert text[17:] not in str(redact({"note": f"use {text}", "api_key": text}))
