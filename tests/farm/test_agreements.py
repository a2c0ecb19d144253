"""The agreement on a claim: frozen, printed once, provable and private (C-4, C-5)."""

from datetime import timedelta
from hashlib import sha256

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.utils import timezone
from fontTools.ttLib import TTFont

from accounts.services.consents import publish_agreement
from farm import errors
from farm.agreements import FONT, print_agreement
from farm.models import AgreementFile, Animal, ClaimAgreement
from farm.services.agreements import print_one, print_waiting, renew_agreement, retry_agreement
from farm.services.links import agreement_url
from tests.factories.farm import AnimalFactory, FarmFactory, active, claimant
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db
PATH = "/animals/agreements/file"


@pytest.fixture
def claim():
    animal = AnimalFactory(merchant=FarmFactory(business_name="朱喆农场"), name="小黑")
    return active(claimant(nickname="小镕", phone="13800138000"), animal)


def url_of(claim, reader=None) -> str:
    return data(Api(reader or claim.user).get(f"/animals/claims/{claim.pk}"))["agreement_url"]


def fetch(url: str, api=None):
    return (api or Api()).get(url.partition("/api/v1")[2])


def test_it_says_what_was_agreed(claim):
    shot = claim.agreements.get().snapshot

    assert shot["claim"] | {"price": "1000.00", "months": 12} == shot["claim"]
    assert (shot["claim"]["number"], shot["claim"]["order"]) == (
        claim.number, claim.order_item.order.number,
    )  # fmt: skip
    assert shot["claimant"] == {"id": claim.user_id, "name": "小镕", "phone": "138****8000"}
    assert (shot["merchant"]["name"], shot["animal"]["name"]) == ("朱喆农场", "小黑")
    assert (shot["terms"]["version"], shot["terms"]["sha256"]) == (1, claim.agreement.sha256)
    assert shot["consent"] == {"at": claim.agreed_at.isoformat(), "from": "203.0.113.9"}


def test_it_is_printed_after_the_payment_and_found_by_a_link(claim):
    assert url_of(claim) is None

    assert print_waiting() == 1

    answer = fetch(url_of(claim))
    file = AgreementFile.objects.get()
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Cache-Control"] == "private, no-store"
    assert answer.content.startswith(b"%PDF-")
    assert sha256(answer.content).hexdigest() == file.sha256
    assert (file.size, claim.agreements.get().status) == (len(answer.content), "ready")
    shown = data(Api(claim.user).get(f"/animals/claims/{claim.pk}"))
    assert shown["agreement_sha256"] == file.sha256
    assert shown["agreement_number"] == claim.agreements.get().number
    assert print_waiting() == 0


def test_C4_the_same_snapshot_gives_the_same_bytes(claim):
    shot = claim.agreements.get().snapshot

    first = print_agreement(shot)
    with time_machine.travel("2031-05-05T00:00:00Z"):
        later = print_agreement(shot)

    assert first == later


def test_C4_no_later_change_changes_a_byte(claim):
    print_waiting()
    before = fetch(url_of(claim)).content
    Animal.objects.update(name="大白", price=1, species="牛")
    type(claim.merchant).objects.update(business_name="别的农场")
    type(claim.user).objects.filter(pk=claim.user_id).update(nickname="别名")
    publish_agreement(kind="claim", title="认领协议", body="新的正文")

    print_waiting()

    assert fetch(url_of(claim)).content == before
    assert AgreementFile.objects.count() == 1


def test_C4_the_database_refuses_to_change_a_document(claim):
    print_waiting()

    with pytest.raises(DatabaseError), transaction.atomic():
        AgreementFile.objects.update(sha256="0" * 64)


def test_C4_printed_again_and_again_it_is_one(claim):
    agreement = claim.agreements.get()

    assert [print_one(agreement.pk) for _ in range(3)] == [True, False, False]
    assert AgreementFile.objects.count() == 1


def test_a_new_version_has_todays_names_and_yesterdays_price(claim, staff):
    print_waiting()
    old = fetch(url_of(claim)).content
    Animal.objects.update(price=1)
    type(claim.merchant).objects.update(business_name="新名字农场")

    renew_agreement(claim.pk, actor=staff("admin"))
    assert fetch(url_of(claim)).content == old  # until the new one is printed
    print_waiting()

    first, second = ClaimAgreement.objects.order_by("version")
    assert (second.version, second.snapshot["claim"]["price"]) == (2, "1000.00")
    assert second.snapshot["merchant"]["name"] == "新名字农场"
    assert fetch(url_of(claim)).content == bytes(second.file.content) != old
    assert bytes(first.file.content) == old


def test_a_missing_glyph_refuses_the_document_and_keeps_the_claim(staff):
    claim = active(animal=AnimalFactory(name="𠮷野"))

    assert print_waiting() == 0

    agreement = claim.agreements.get()
    assert (agreement.status, AgreementFile.objects.count()) == ("failed", 0)
    assert agreement.error == "协议中有字体不支持的字符，无法生成：𠮷"
    claim.refresh_from_db()
    assert (claim.status, url_of(claim)) == ("active", None)
    retry_agreement(agreement.pk, actor=staff("admin"))
    assert print_waiting() == 0
    agreement.refresh_from_db()
    assert agreement.status == "failed"


def test_what_breaks_on_the_way_is_tried_again(claim, monkeypatch):
    from farm.services import agreements

    def broken(snapshot):
        raise OSError("no font")

    with monkeypatch.context() as patch:
        patch.setattr(agreements, "print_agreement", broken)
        assert print_waiting() == 0
    agreement = claim.agreements.get()
    assert (agreement.status, agreement.attempts) == ("pending", 1)

    assert print_waiting() == 0  # a minute has to pass
    assert print_waiting(now=agreement.next_try_at) == 1


def test_after_ten_tries_staff_see_it(claim, monkeypatch):
    from farm.services import agreements

    monkeypatch.setattr(agreements, "print_agreement", lambda snapshot: 1 / 0)
    for _ in range(10):
        print_waiting(now=claim.agreements.get().next_try_at)

    assert claim.agreements.get().status == "failed"


def test_the_font_has_the_rare_names_and_may_be_embedded():
    with TTFont(FONT, lazy=True) as font:
        letters = font.getBestCmap()
        assert {letter for letter in "喆镕堃龘" if ord(letter) not in letters} == set()
        assert font["OS/2"].fsType == 0
    assert "SIL Open Font License" in (FONT.parent / "LICENSE_FONT").read_text()


def test_C5_each_side_has_a_link_of_its_own(claim, staff):
    print_waiting()
    readers = {
        "claimant": claim.user, "merchant": claim.merchant.user, "staff": staff("customer_service"),
    }  # fmt: skip

    for reader in readers.values():
        url = url_of(claim, reader)
        assert fetch(url).status_code == fetch(url, Api(reader)).status_code == 200
        other = fetch(url, Api(claimant()))
        assert refusal(other) == (403, errors.AgreementLinkInvalid.code)


def test_C5_forged_and_old_links_open_nothing(claim):
    print_waiting()
    agreement, url = claim.agreements.get(), url_of(claim)
    token = url.partition("token=")[2]
    stranger = agreement_url(agreement.pk, user_id=claimant().pk)
    forged = [
        PATH, f"{PATH}?token=", f"{PATH}?token=abc", f"{PATH}?token={token[:-2]}",
        f"{PATH}?token=x{token}", f"{PATH}?token={token.swapcase()}",
        stranger.partition("/api/v1")[2],
    ]  # fmt: skip

    answers = [refusal(Api().get(path)) for path in forged]

    assert answers == [(403, errors.AgreementLinkInvalid.code)] * len(forged)
    with time_machine.travel(timezone.now() + timedelta(seconds=601), tick=False):
        assert fetch(url).status_code == 403


def test_C5_a_link_ends_with_the_right_to_see_it(claim, staff):
    print_waiting()
    reader = staff("customer_service")
    url = url_of(claim, reader)

    type(reader).objects.filter(pk=reader.pk).update(status="disabled")

    assert fetch(url).status_code == 403
