"""The back office's page of files."""

import re

import pytest

from accounts.models import OperationLog
from media.models import File, FileUsage
from media.services.quota import reserve
from tests.factories.media import FileFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/media/file/"


def test_the_list_shows_pictures_to_those_who_may(office):
    FileFactory(original_name="小猫.jpg")

    page = office("admin").get(LIST)

    text = page.content.decode()
    assert "小猫.jpg" in text
    (link,) = re.findall(r'<img src="(/api/v1/file/preview\?token=[^"]+)"', text)
    assert office("admin").get(link).status_code == 200


def test_the_page_of_a_file_shows_it_and_lets_nothing_be_typed_in(office):
    file = FileFactory()

    text = office("admin").get(f"{LIST}{file.pk}/change/").content.decode()

    assert file.sha256 in text
    assert "/api/v1/file/preview?token=" in text
    assert 'name="original_name"' not in text


def test_looking_at_private_pictures_of_others_is_one_line_a_page(office):
    browser = office("admin")
    FileFactory.create_batch(2, visibility="owner")
    other = FileFactory(visibility="owner")
    own = FileFactory(owner=browser.user, visibility="owner")
    public = FileFactory(visibility="public")

    for address in (LIST, *(f"{LIST}{file.pk}/change/" for file in (other, own, public))):
        assert browser.get(address).status_code == 200

    looks = OperationLog.objects.order_by("pk").values_list("operation", "target_id", "admin")
    assert list(looks) == [
        ("file:list", "", browser.user.pk), ("file:view", str(other.pk), browser.user.pk),
    ]  # fmt: skip


@pytest.mark.parametrize("purpose", ["proof", "evidence"])
def test_proofs_and_evidence_are_named_and_not_shown(office, purpose):
    file = FileFactory(purpose=purpose, visibility="owner", original_name="收据.jpg")

    for address in (LIST, f"{LIST}{file.pk}/change/"):
        text = office("admin").get(address).content.decode()
        assert "收据.jpg" in text
        assert "/api/v1/file/preview" not in text
    assert not OperationLog.objects.exists()


def test_others_see_no_files(office):
    FileFactory()

    assert office("finance").get(LIST).status_code == 403


def test_chosen_files_are_deleted_through_the_service(office):
    file = FileFactory()
    reserve(file.owner_id, size=file.stored_bytes)

    chosen = {"action": "remove", "_selected_action": [file.pk]}
    response = office("admin").post(LIST, chosen, follow=True)

    assert "已处理 1 条" in response.content.decode()
    assert File.objects.get().status == "deleted"
    assert FileUsage.objects.get().used_bytes == 0


def test_the_list_asks_the_same_however_long_it_is(office, django_assert_max_num_queries):
    client = office("admin")
    for _ in range(12):
        FileFactory()
    client.get(LIST)

    with django_assert_max_num_queries(12) as asked:
        client.get(LIST)
    few = len(asked)
    for _ in range(12):
        FileFactory()
    with django_assert_max_num_queries(few):
        client.get(LIST)
