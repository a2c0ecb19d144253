"""/agreements, /consents: versioned, withdrawable, current or nothing (invariants P-1)."""

from hashlib import sha256

import pytest

from accounts.errors import ConsentRequired
from accounts.models import Agreement, Consent
from accounts.services.consents import publish_agreement, require_consent
from tests.helpers import Api, data, forget_everything, refusal


@pytest.fixture(autouse=True)
def _no_claim_agreement(db):
    """The seeded one makes room for those of these tests."""
    Agreement.objects.filter(kind="claim").delete()


@pytest.fixture
def claim_agreement(db):
    return publish_agreement(kind="claim", title="认领协议", body="第一版")


def test_anybody_may_read_the_text_in_force(claim_agreement):
    body = data(Api().get("/agreements/claim"))

    assert body == {
        "kind": "claim", "version": 1, "title": "认领协议", "body": "第一版",
        "sha256": sha256("第一版".encode()).hexdigest(),
        "published_at": claim_agreement.published_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["user", "privacy"])
def test_the_user_agreement_and_the_privacy_policy_are_seeded(db, kind):
    body = data(Api().get(f"/agreements/{kind}"))
    assert body["version"] == 1
    assert len(body["body"]) > 500
    assert body["sha256"] == sha256(body["body"].encode()).hexdigest()


@pytest.mark.parametrize("kind", ["claim", "nonsense", "USER"])
def test_what_is_not_published_is_404(db, kind):
    assert refusal(Api().get(f"/agreements/{kind}")) == (404, 10404)


def test_agreeing_is_on_record_once(api, claim_agreement):
    for _ in range(2):
        body = data(api.post("/consents", {"kind": "claim", "version": 1}), 201)
        assert (body["kind"], body["version"]) == ("claim", 1)

    consent = Consent.objects.get()
    assert (consent.user, consent.agreement, consent.ip_address) == (
        api.user, claim_agreement, "127.0.0.1",
    )  # fmt: skip
    assert require_consent(api.user.pk, "claim") == claim_agreement


def test_the_list_says_what_is_left_to_agree_to(api, claim_agreement):
    data(api.post("/consents", {"kind": "claim", "version": 1}), 201)

    page = data(api.get("/consents"))
    assert page["pagination"] == {"page": 1, "size": 10, "total": len(page["list"])}
    entries = {entry["kind"]: entry for entry in page["list"]}
    assert entries["claim"]["agreed_at"] is not None
    assert entries["privacy"] == {
        "kind": "privacy", "title": "伴心隐私政策", "version": 1, "agreed_at": None,
    }  # fmt: skip


@pytest.mark.parametrize("version", [2, 7])
def test_another_version_than_the_current_is_refused(api, claim_agreement, version):
    response = api.post("/consents", {"kind": "claim", "version": version})

    assert refusal(response) == (409, 11012)
    assert response.json()["data"] == {"kind": "claim", "version": 1}
    assert Consent.objects.exists() is False


def test_P1_a_new_version_asks_everybody_again(api, claim_agreement):
    data(api.post("/consents", {"kind": "claim", "version": 1}), 201)
    publish_agreement(kind="claim", title="认领协议", body="第二版")
    forget_everything()

    with pytest.raises(ConsentRequired) as refused:
        require_consent(api.user.pk, "claim")

    assert refused.value.data == {"kind": "claim", "version": 2}
    assert refusal(api.post("/consents", {"kind": "claim", "version": 1})) == (409, 11012)
    data(api.post("/consents", {"kind": "claim", "version": 2}), 201)
    assert require_consent(api.user.pk, "claim").version == 2


def test_P1_withdrawing_counts_at_once_and_agreeing_again_is_a_new_record(api, claim_agreement):
    data(api.post("/consents", {"kind": "claim", "version": 1}), 201)

    for _ in range(2):
        assert data(api.delete("/consents/claim")) == {}
    with pytest.raises(ConsentRequired):
        require_consent(api.user.pk, "claim")
    data(api.post("/consents", {"kind": "claim", "version": 1}), 201)

    assert require_consent(api.user.pk, "claim") == claim_agreement
    withdrawn, standing = Consent.objects.order_by("pk")
    assert withdrawn.withdrawn_at is not None
    assert standing.withdrawn_at is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "claim"}, "version"),
        ({"version": 1}, "kind"),
        ({"kind": "soul", "version": 1}, "kind"),
        ({"kind": "claim", "version": 0}, "version"),
        ({"kind": "claim", "version": 10**30}, "version"),
        ({"kind": "claim", "version": "x"}, "version"),
    ],
)
def test_bad_bodies_name_the_field(api, body, field):
    response = api.post("/consents", body)
    assert refusal(response) == (400, 10400)
    assert list(response.json()["data"]) == [field]


def test_withdrawing_what_does_not_exist_is_404(api):
    assert refusal(api.delete("/consents/soul")) == (404, 10404)


def test_the_list_has_pages_like_every_other(api, claim_agreement):
    whole = data(api.get("/consents"))["list"]

    second = data(api.get("/consents", {"page": 2, "size": 1}))

    assert second["list"] == whole[1:2]
    assert second["pagination"] == {"page": 2, "size": 1, "total": len(whole)}
    assert data(api.get("/consents", {"page": 99}))["list"] == []
    assert refusal(api.get("/consents", {"page": "x"})) == (400, 10400)


def test_consents_need_a_login(db):
    assert refusal(Api().get("/consents")) == (401, 10401)
    assert refusal(Api().post("/consents", {"kind": "user", "version": 1})) == (401, 10401)
    assert refusal(Api().delete("/consents/user")) == (401, 10401)


def test_each_publication_is_a_new_row(claim_agreement):
    second = publish_agreement(kind="claim", title="认领协议", body="第二版")

    assert (second.version, second.sha256) == (2, sha256("第二版".encode()).hexdigest())
    assert Agreement.objects.get(pk=claim_agreement.pk).body == "第一版"
