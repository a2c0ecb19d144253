import pytest
from django.utils import timezone

from accounts.models import LoginSession
from tests.factories.accounts import UserFactory
from tests.helpers import Api, data, refusal


def test_the_list_shows_live_logins_and_which_one_this_is(api, user):
    second = Api(user)
    ended = Api(user)
    data(ended.post("/logout", {}))
    Api(UserFactory())
    LoginSession.objects.create(sid="old", user=user, method="x", expires_at=timezone.now())

    page = data(second.get("/devices"))

    assert page["pagination"]["total"] == 2
    assert [device["current"] for device in page["list"]] == [True, False]
    assert page["list"][0].keys() == {
        "id", "device_name", "platform", "method", "ip_address", "created_at", "last_seen_at",
        "current",
    }  # fmt: skip


def test_revoking_one_ends_just_that_one(api, user):
    other = Api(user)
    device = data(other.get("/devices"))["list"][0]

    assert data(api.delete(f"/devices/{device['id']}")) == {}
    assert data(api.delete(f"/devices/{device['id']}")) == {}  # again: harmless

    assert refusal(other.post("/token/refresh", {"refresh": other.refresh})) == (401, 11003)
    assert api.get("/devices").status_code == 200


@pytest.mark.parametrize("pk", ["999999", "{}"])
def test_a_strangers_login_does_not_exist(api, pk):
    stranger = Api(UserFactory())
    session = LoginSession.objects.get(user=stranger.user)

    assert refusal(api.delete(f"/devices/{pk.format(session.pk)}")) == (404, 10404)

    assert stranger.get("/devices").status_code == 200
    session.refresh_from_db()
    assert session.revoked_at is None
