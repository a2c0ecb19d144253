"""Signed links, ranges and headers (F-3, F-7)."""

import time

import pytest
import time_machine
from django.core import signing

from accounts.models import User
from media.services.links import signed_path
from tests.factories.accounts import UserFactory
from tests.factories.media import FileFactory
from tests.helpers import Api, refusal

pytestmark = pytest.mark.django_db
CONTENT = bytes(range(256)) * 40  # 10240 bytes


@pytest.fixture
def file(user):
    return FileFactory(owner=user, content=CONTENT, original_name="我的 照片.png")


@pytest.fixture
def stored(store, file):
    """The file again, in a folder and in a bucket: `store` was there first."""
    return file


def link(file, user, action="preview", **kwargs):
    return signed_path(file.pk, user_id=user.pk, action=action, **kwargs)


def body(response) -> bytes:
    return b"".join(response) if response.streaming else response.content


def test_F3_a_link_shows_its_file_without_a_login(user, stored, client):
    response = client.get(link(stored, user))

    assert response.status_code == 200
    assert body(response) == CONTENT
    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Content-Disposition"].startswith("inline;")
    assert response["Content-Length"] == "10240"


def test_a_download_is_saved_under_its_name(user, file, client):
    response = client.get(link(file, user, "download"))

    assert response["Content-Disposition"] == (
        "attachment; filename*=utf-8''%E6%88%91%E7%9A%84%20%E7%85%A7%E7%89%87.webp"
    )


def test_F3_a_link_ends_after_ten_minutes(user, file, client):
    with time_machine.travel(time.time(), tick=False) as clock:
        path = link(file, user)
        clock.shift(599)
        in_time = client.get(path).status_code
        clock.shift(2)
        late = client.get(path)

    assert in_time == 200
    assert refusal(late) == (403, 19007)


def test_F3_a_link_for_one_action_is_none_for_another(user, file, client):
    swapped = link(file, user, "download").replace("/download", "/preview")

    assert refusal(client.get(swapped)) == (403, 19007)


def test_F3_no_changed_link_works(user, file, client):
    """Every byte of a token replaced in turn, and what else a forger tries."""
    path, _, token = link(file, user).partition("?token=")
    forged = [
        token[:n] + ("A" if token[n] != "A" else "B") + token[n + 1 :] for n in range(len(token))
    ]
    foreign = signing.dumps([file.pk, user.pk, "main"], salt="media.link.other")
    other_key = signing.dumps([file.pk, user.pk, "main"], key="k", salt="media.link.preview")
    forged += ["", ":", "::", "a:b:c", "%00", "é", "A" * 5000, foreign, other_key, token[:-1]]

    for attempt in forged:
        response = client.get(f"{path}?token={attempt}")
        assert response.status_code == 403, attempt
    assert refusal(client.get(path)) == (403, 19007)


@pytest.mark.parametrize("payload", [[], [1], "text", {"a": 1}, None, [None, None, None]])
def test_a_well_signed_link_to_nonsense_is_refused(client, payload):
    token = signing.dumps(payload, salt="media.link.preview")

    response = client.get("/api/v1/file/preview", {"token": token})

    assert refusal(response) == (403, 19007)


def test_F3_a_link_of_one_person_is_none_for_another(user, file, client):
    stranger = Api(UserFactory())

    used_by_a_stranger = stranger.client.get(link(file, user), headers=stranger.headers)
    made_for_a_stranger = client.get(link(file, stranger.user))

    assert refusal(used_by_a_stranger) == (403, 19007)
    assert refusal(made_for_a_stranger) == (403, 19007)
    owner = Api(user)
    assert owner.client.get(link(file, user), headers=owner.headers).status_code == 200


@pytest.mark.parametrize(
    ("role", "status"),
    [("super_admin", 200), ("admin", 200), ("content_manager", 403), ("finance", 403)],
)
def test_staff_see_files_only_with_the_permission(staff, file, client, role, status):
    assert client.get(link(file, staff(role))).status_code == status


def test_the_links_of_somebody_disabled_end(user, file, client):
    path = link(file, user)
    User.objects.filter(pk=user.pk).update(status="disabled")

    assert refusal(client.get(path)) == (403, 19007)


def test_a_private_file_has_no_public_address(file, client):
    assert client.get(f"/api/v1/file/public/{file.key}/main.webp").status_code == 404


def test_a_public_file_is_found_by_its_whole_name_only(client, user):
    file = FileFactory(owner=user, visibility="public", original_name="我和小明.jpg")
    base = f"/api/v1/file/public/{file.key}"

    assert client.get(f"{base}/main.webp").status_code == 200
    assert client.get(f"{base}/thumb.webp").status_code == 200
    assert client.get(f"{base}/main.webp")["Content-Disposition"] == "inline"
    for name in ("main.html", "main.webp.html", "other.webp", "..%2f", "", "MAIN.webp"):
        assert client.get(f"{base}/{name}").status_code == 404
    neighbour = file.key[:-1] + ("0" if file.key[-1] != "0" else "1")
    assert client.get(f"/api/v1/file/public/{neighbour}/main.webp").status_code == 404


RANGES = [
    ("bytes=0-0", 206, 0, 1),
    ("bytes=0-9", 206, 0, 10),
    ("bytes=10-19", 206, 10, 20),
    ("bytes=10239-", 206, 10239, 10240),
    ("bytes=10000-99999", 206, 10000, 10240),
    ("bytes=-1", 206, 10239, 10240),
    ("bytes=-10239", 206, 1, 10240),
    ("bytes=0-10239", 200, 0, 10240),
    ("bytes=0-", 200, 0, 10240),
    ("bytes=-10240", 200, 0, 10240),
    ("bytes=-99999999", 200, 0, 10240),
    # not understood, so ignored
    ("bytes=5-1", 200, 0, 10240),
    ("bytes=", 200, 0, 10240),
    ("bytes=-", 200, 0, 10240),
    ("bytes=a-b", 200, 0, 10240),
    ("bytes=1.5-2", 200, 0, 10240),
    ("bytes=0x0-0x9", 200, 0, 10240),
    ("bytes=+0-9", 200, 0, 10240),
    ("bytes=--5", 200, 0, 10240),
    ("bytes=0-9,20-29", 200, 0, 10240),
    ("bytes=" + ",".join("0-" for _ in range(1000)), 200, 0, 10240),
    ("items=0-9", 200, 0, 10240),
    ("Bytes 0-9", 200, 0, 10240),
    ("bytes=٠-٩", 200, 0, 10240),
    ("bytes=" + "9" * 5000 + "-", 200, 0, 10240),
    # beyond the end
    ("bytes=10240-", 416, 0, 0),
    ("bytes=10240-10241", 416, 0, 0),
    ("bytes=999999999999999999-", 416, 0, 0),
    ("bytes=-0", 416, 0, 0),
]


@pytest.mark.parametrize(("asked", "status", "start", "end"), RANGES)
def test_F7_ranges(user, file, client, asked, status, start, end):
    response = client.get(link(file, user), headers={"Range": asked})

    assert response.status_code == status
    assert body(response) == CONTENT[start:end]
    if status == 206:
        assert response["Content-Range"] == f"bytes {start}-{end - 1}/10240"
        assert response["Content-Length"] == str(end - start)
    if status == 416:
        assert response["Content-Range"] == "bytes */10240"


def test_F7_a_part_comes_from_the_store_alike(user, stored, client):
    response = client.get(link(stored, user), headers={"Range": "bytes=100-199"})

    assert (response.status_code, body(response)) == (206, CONTENT[100:200])


def test_F7_an_if_range_of_another_version_gets_everything(user, file, client):
    etag = client.get(link(file, user))["ETag"]
    part = {"Range": "bytes=0-9"}

    same = client.get(link(file, user), headers=part | {"If-Range": etag})
    other = client.get(link(file, user), headers=part | {"If-Range": '"x"'})

    assert (same.status_code, other.status_code) == (206, 200)


def test_F7_head_and_not_modified_carry_no_body(user, file, client):
    head = client.head(link(file, user))
    unchanged = client.get(link(file, user), headers={"If-None-Match": head["ETag"]})

    assert (head.status_code, head["Content-Length"], body(head)) == (200, "10240", b"")
    assert (unchanged.status_code, body(unchanged)) == (304, b"")


def test_F7_a_file_is_not_compressed_again(user, file, client):
    response = client.get(link(file, user), headers={"Accept-Encoding": "gzip"})

    assert not response.has_header("Content-Encoding")
    assert body(response) == CONTENT


def test_a_file_whose_bytes_are_gone_is_a_404(user, stored, client):
    from config import storage

    storage.remove(stored.path("main"))

    assert client.get(link(stored, user)).status_code == 404


def test_nginx_sends_the_file_where_it_can(user, local, client, settings):
    file = FileFactory(owner=user, content=CONTENT)
    settings.ACCEL_PREFIX = "/uploads/"

    response = client.get(link(file, user))

    assert response["X-Accel-Redirect"] == f"/uploads/{file.path('main')}"
    assert response["Cache-Control"] == "private, no-store"
    assert body(response) == b""
