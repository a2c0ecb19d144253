"""Uploading, as a client does it; in a folder and in a bucket alike."""

from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from accounts.models import OperationLog, StatusChange, User
from media.models import File, FileUsage
from tests.factories.accounts import UserFactory
from tests.factories.media import FileFactory, picture, upload
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db
MB = 1024 * 1024


def stored(file: File, variant="main") -> Image.Image:
    with default_storage.open(file.path(variant)) as content:
        return Image.open(BytesIO(content.read()))


def test_an_image_is_kept_as_webp_with_a_thumbnail(api, user, store, post_file):
    answer = data(
        post_file(api, "/file/upload", upload(picture(size=(3000, 1500))), purpose="image"), 201
    )

    file = File.objects.get()
    assert (file.owner, file.status, file.visibility) == (user, "ready", "owner")
    assert (answer["id"], answer["purpose"], answer["name"]) == (file.pk, "image", "photo.jpg")
    assert (answer["content_type"], answer["width"], answer["height"]) == (
        "image/webp", 2048, 1024,
    )  # fmt: skip
    assert stored(file).size == (2048, 1024)
    assert stored(file, "thumb").size == (320, 160)
    assert store() == sorted([file.path("main"), file.path("thumb")])
    assert FileUsage.objects.get(user=user).used_bytes == file.size + file.thumb_size
    moves = StatusChange.objects.filter(model="media.file").values_list("old", "new", "actor")
    assert list(moves) == [("uploading", "ready", user.pk)]


def test_what_was_uploaded_is_listed_shown_and_downloaded(api, store, post_file):
    sent = data(post_file(api, "/file/upload", upload(picture()), purpose="image"), 201)

    listed = data(api.get("/file"))
    shown = data(api.get(f"/file/{sent['id']}"))

    assert [row["id"] for row in listed["list"]] == [sent["id"]]
    assert listed["pagination"]["total"] == 1
    for link in ("url", "thumbnail_url", "download_url"):
        response = api.client.get(shown[link])
        content = b"".join(response.streaming_content)
        assert response.status_code == 200
        assert response["Content-Type"] == "image/webp"
        assert Image.open(BytesIO(content)).size == (40, 30)


def test_an_avatar_is_a_square_everybody_sees(api, user, store, post_file, anonymous):
    answer = data(post_file(api, "/user/avatar", upload(picture(size=(300, 900)))), 201)

    file = File.objects.get()
    assert answer["avatar"].endswith(f"/api/v1/file/public/{file.key}/main.webp")
    assert data(api.get("/user/profile"))["avatar"] == answer["avatar"]
    assert stored(file).size == (256, 256)
    assert stored(file, "thumb").size == (64, 64)
    response = anonymous.client.get(answer["avatar"])
    assert response.status_code == 200
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert len(b"".join(response.streaming_content)) == file.size


def test_a_new_avatar_takes_the_old_one_away(api, user, store, post_file, purge):
    first = data(post_file(api, "/user/avatar", upload(picture())), 201)

    second = purge(lambda: data(post_file(api, "/user/avatar", upload(picture())), 201))

    file = File.objects.get()
    assert file.pk == second["file_id"] != first["file_id"]
    assert store() == sorted([file.path("main"), file.path("thumb")])
    assert FileUsage.objects.get(user=user).used_bytes == file.stored_bytes
    assert api.client.get(first["avatar"]).status_code == 404


def test_an_avatar_in_use_is_not_deleted_an_old_image_is(api, user, store, post_file, purge):
    worn = data(post_file(api, "/user/avatar", upload(picture())), 201)["file_id"]
    image = data(post_file(api, "/file/upload", upload(picture()), purpose="image"), 201)

    refused = api.delete(f"/file/{worn}")
    deleted = purge(lambda: api.delete(f"/file/{image['id']}"))

    assert refusal(refused) == (409, 19006)
    assert data(deleted) == {}
    assert [file.pk for file in File.objects.all()] == [worn]
    assert len(store()) == 2
    assert refusal(api.get(f"/file/{image['id']}")) == (404, 10404)
    assert refusal(api.client.get(image["url"])) == (403, 19007)


def test_a_stranger_finds_nothing(store):
    owner, stranger = UserFactory(), Api(UserFactory())
    file = FileFactory(owner=owner)

    assert data(stranger.get("/file"))["list"] == []
    assert refusal(stranger.get(f"/file/{file.pk}")) == (404, 10404)
    assert refusal(stranger.delete(f"/file/{file.pk}")) == (404, 10404)
    file.refresh_from_db()
    assert file.status == "ready"


def test_the_api_shows_staff_their_own_files_only(staff):
    file = FileFactory()

    assert refusal(Api(staff("super_admin")).get(f"/file/{file.pk}")) == (404, 10404)


def test_nobody_uploads_without_a_login(anonymous, post_file):
    response = post_file(anonymous, "/file/upload", upload(picture()), purpose="image")

    assert refusal(response) == (401, 10401)
    assert File.objects.count() == 0


@pytest.mark.parametrize(
    ("fields", "missing"),
    [({"purpose": "image"}, "file"), ({}, "file"), ({"purpose": "image", "files": "text"}, "file")],
)
def test_what_a_form_lacks_is_named(api, post_file, fields, missing):
    response = post_file(api, "/file/upload", None, **fields)

    assert refusal(response) == (400, 10400)
    assert missing in response.json()["data"]


@pytest.mark.parametrize("purpose", ["", "document", "avatar", "image\0", "../image"])
def test_an_unknown_purpose_is_refused(api, post_file, purpose):
    response = post_file(api, "/file/upload", upload(picture()), purpose=purpose)

    assert refusal(response) == (400, 10400)
    assert "purpose" in response.json()["data"]
    assert File.objects.count() == 0


def test_only_the_two_upload_addresses_take_forms(api, post_file):
    assert refusal(api.post("/file/upload", {"purpose": "image"})) == (415, 10415)
    assert refusal(api.post("/user/avatar", {})) == (415, 10415)
    assert refusal(post_file(api, "/consents", upload(picture()))) == (415, 10415)


def test_size_limits_hold_to_the_byte(api, post_file, settings):
    honest = picture("PNG")
    filler = 5 * MB - len(honest)

    fits = post_file(api, "/user/avatar", upload(honest + b"\0" * filler))
    too_large = post_file(api, "/user/avatar", upload(honest + b"\0" * (filler + 1)))

    assert fits.status_code == 201
    assert refusal(too_large) == (413, 19002)
    assert too_large.json()["data"] == {"max_bytes": 5 * MB}
    assert File.objects.count() == 1


def test_a_body_beyond_every_limit_is_not_even_read(api, post_file):
    response = post_file(api, "/file/upload", upload(b"\0" * 11 * MB), purpose="image")

    assert refusal(response) == (413, 10413)


@pytest.mark.parametrize("fields", [1001, 2000])
def test_too_many_fields_are_a_400(api, post_file, fields):
    extra = {f"f{n}": "x" for n in range(fields)}

    response = post_file(api, "/file/upload", upload(picture()), purpose="image", **extra)

    assert refusal(response) == (400, 10400)


def test_F4_what_does_not_fit_into_the_quota_is_refused_and_keeps_nothing(
    api, user, store, post_file, settings
):
    data(post_file(api, "/file/upload", upload(picture()), purpose="image"), 201)
    used = FileUsage.objects.get(user=user).used_bytes
    settings.FILE_QUOTA_BYTES = used * 2 - 1

    response = post_file(api, "/file/upload", upload(picture()), purpose="image")

    assert refusal(response) == (409, 19005)
    assert File.objects.count() == 1
    assert len(store()) == 2
    assert FileUsage.objects.get(user=user).used_bytes == used
    settings.FILE_QUOTA_BYTES = used * 2
    assert post_file(api, "/file/upload", upload(picture()), purpose="image").status_code == 201


def test_deleting_gives_room_back(api, user, post_file, purge):
    sent = data(post_file(api, "/file/upload", upload(picture()), purpose="image"), 201)

    purge(lambda: data(api.delete(f"/file/{sent['id']}")))

    assert FileUsage.objects.get(user=user).used_bytes == 0
    assert refusal(api.delete(f"/file/{sent['id']}")) == (404, 10404)
    assert FileUsage.objects.get(user=user).used_bytes == 0


def test_F6_when_the_storage_fails_nothing_is_kept(api, user, settings, tmp_path, post_file, purge):
    (tmp_path / "wall").write_text("a file where a folder should be")
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "wall")},
        }
    }

    response = post_file(api, "/file/upload", upload(picture()), purpose="image")

    assert refusal(response) == (503, 10503)
    assert list(File.objects.values_list("status", flat=True)) == ["deleted"]
    assert FileUsage.objects.get(user=user).used_bytes == 0


def test_the_avatar_stays_when_the_new_one_is_refused(api, user, post_file):
    worn = data(post_file(api, "/user/avatar", upload(picture())), 201)["avatar"]

    refused = post_file(api, "/user/avatar", upload(b"not an image"))

    assert refusal(refused) == (415, 19001)
    assert User.objects.get(pk=user.pk).avatar == worn


def test_the_list_asks_the_same_however_long_it_is(api, user, django_assert_num_queries):
    for _ in range(3):
        FileFactory(owner=user)
    api.get("/file")

    with django_assert_num_queries(2):  # count, page
        rows = data(api.get("/file", {"size": 2, "purpose": "image"}))

    assert rows["pagination"] == {"page": 1, "size": 2, "total": 3}


def test_an_upload_by_staff_is_logged_without_its_bytes(staff, post_file):
    api = Api(staff("super_admin"))

    post_file(api, "/file/upload", upload(picture(), name="证件.jpg"), purpose="image")

    log = OperationLog.objects.get(module="media")
    assert (log.operation, log.status) == ("file:create", "success")
    assert log.request_params["file"] == "证件.jpg"


def form(*parts: bytes, end=b"--x--\r\n") -> bytes:
    return b"".join(b"--x\r\n" + part + b"\r\n" for part in parts) + end


PURPOSE = b'Content-Disposition: form-data; name="purpose"\r\n\r\nimage'
FILE = b'Content-Disposition: form-data; name="file"; filename="a.jpg"\r\n'
MALFORMED = {
    "no boundary": ("multipart/form-data", form(PURPOSE)),
    "an empty boundary": ("multipart/form-data; boundary=", form(PURPOSE)),
    "a boundary of controls": ("multipart/form-data; boundary=\x01\x7f", form(PURPOSE)),
    "a boundary of 300 letters": ("multipart/form-data; boundary=" + "x" * 300, form(PURPOSE)),
    "another boundary": ("multipart/form-data; boundary=y", form(PURPOSE, FILE + b"\r\nx")),
    "nothing at all": ("multipart/form-data; boundary=x", b""),
    "an unknown charset": ("multipart/form-data; boundary=x; charset=klingon", form(PURPOSE)),
    "utf-16": ("multipart/form-data; boundary=x; charset=utf-16", form(PURPOSE, FILE + b"\r\nx")),
    "no end": ("multipart/form-data; boundary=x", form(PURPOSE, FILE + b"\r\nx", end=b"")),
    "broken base64": (
        "multipart/form-data; boundary=x",
        form(PURPOSE, FILE + b"Content-Transfer-Encoding: base64\r\n\r\n!!!!!"),
    ),
    "a broken name": (
        "multipart/form-data; boundary=x",
        form(b"Content-Disposition: form-data; name=\"file\"; filename*=klingon''%ff\r\n\r\nx"),
    ),
    "headers without end": ("multipart/form-data; boundary=x", form(b"A: b\r\n" * 5000)),
    "bytes that are no text": (
        "multipart/form-data; boundary=x",
        form(b'Content-Disposition: form-data; name="purpose"\r\n\r\n\xff\xfe', FILE + b"\r\nx"),
    ),
    "a form of the other kind": ("application/x-www-form-urlencoded", b"purpose=image"),
    "another multipart": ("multipart/mixed; boundary=x", form(PURPOSE, FILE + b"\r\nx")),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_form_is_refused(api, name):
    content_type, body = MALFORMED[name]

    response = api.client.generic(
        "POST", "/api/v1/file/upload", body, content_type=content_type, headers=api.headers
    )

    assert response.status_code in {400, 415}, response.content
    assert response.json()["code"] in {10400, 10415, 19001}
    assert File.objects.count() == 0
