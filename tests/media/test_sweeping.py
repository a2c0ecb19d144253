"""What was cut short is finished: rows and bytes agree after the sweep (F-6)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from config import storage
from media.errors import FileInUse
from media.models import File, FileUsage
from media.services import uploads
from media.services.files import delete_file, sweep
from media.services.quota import reserve
from media.tasks import purge_file, sweep_orphans
from tests.factories.accounts import UserFactory
from tests.factories.media import FileFactory, picture, upload

pytestmark = pytest.mark.django_db


class KilledError(BaseException):
    """The process ends here: nothing that catches exceptions sees it."""


def cut_short(user, monkeypatch, after: int) -> None:
    """An upload whose process dies once `after` variants are stored."""
    honest, written = storage.write, []

    def write(path, data, **kwargs):
        if len(written) == after:
            raise KilledError
        honest(path, data, **kwargs)
        written.append(path)

    with monkeypatch.context() as patched:
        patched.setattr(storage, "write", write)
        content = upload(picture())
        with pytest.raises(KilledError):
            uploads.store_upload(
                user, purpose="image", content=content.file, size=content.size, name="a.jpg"
            )


@pytest.mark.parametrize("after", [0, 1])
def test_F6_an_upload_that_was_cut_short_is_swept_up(user, store, monkeypatch, after):
    cut_short(user, monkeypatch, after)
    file = File.objects.get()
    assert (file.status, len(store())) == ("uploading", after)
    assert FileUsage.objects.get(user=user).used_bytes == file.stored_bytes

    too_early = sweep(timezone.now())
    in_time = sweep(timezone.now() + timedelta(minutes=61))

    assert (too_early, in_time) == (0, 1)
    assert File.objects.count() == 0
    assert store() == []
    assert FileUsage.objects.get(user=user).used_bytes == 0


def test_F6_a_deletion_that_was_cut_short_is_finished(user, store):
    file = FileFactory(owner=user)
    reserve(user.pk, size=file.stored_bytes)
    delete_file(file.pk, actor=user)  # no worker hears of it
    assert len(store()) == 2

    assert sweep_orphans() == 1

    assert (File.objects.count(), store()) == (0, [])
    assert FileUsage.objects.get(user=user).used_bytes == 0


def test_F6_a_deletion_whose_bytes_are_half_gone_is_finished(user, store):
    file = FileFactory(owner=user)
    reserve(user.pk, size=file.stored_bytes)
    delete_file(file.pk, actor=user)
    storage.remove(file.path("main"))

    assert purge_file(file.pk) is True
    assert purge_file(file.pk) is False

    assert (File.objects.count(), store()) == (0, [])


def test_F6_files_that_are_fine_are_left_alone(user, store):
    file = FileFactory(owner=user)

    assert sweep(timezone.now() + timedelta(days=400)) == 0
    assert purge_file(file.pk) is False
    assert len(store()) == 2


def test_files_of_somebody_who_is_gone_go_too(store):
    owner = UserFactory()
    file = FileFactory(owner=owner, purpose="avatar", visibility="public")
    reserve(owner.pk, size=file.stored_bytes)
    User.objects.filter(pk=owner.pk).update(status="deleted")

    assert sweep(timezone.now()) == 1

    assert store() == []


def test_one_file_that_cannot_be_removed_does_not_stop_the_sweep(user, local, monkeypatch):
    files = [FileFactory(owner=user) for _ in range(3)]
    for file in files:
        reserve(user.pk, size=file.stored_bytes)
        delete_file(file.pk, actor=user)
    stuck = files[1].path("main")
    honest = storage.default_storage.delete

    def delete(path):
        if path == stuck:
            raise OSError("disk on fire")
        honest(path)

    monkeypatch.setattr(storage.default_storage._wrapped, "delete", delete)

    assert sweep(timezone.now()) == 2
    assert list(File.objects.values_list("pk", flat=True)) == [files[1].pk]


def test_an_upload_that_the_sweep_took_for_lost_is_refused(user, local, monkeypatch):
    """It took over an hour; its bytes are gone with the row, its room is given back once."""
    honest = storage.write

    def slow(path, data, **kwargs):
        honest(path, data, **kwargs)
        sweep(timezone.now() + timedelta(hours=2))

    monkeypatch.setattr(storage, "write", slow)
    content = upload(picture())

    with pytest.raises(File.DoesNotExist):
        uploads.store_upload(
            user, purpose="image", content=content.file, size=content.size, name="a.jpg"
        )
    assert FileUsage.objects.get(user=user).used_bytes == 0


def test_an_avatar_in_use_stays(user, local):
    content = upload(picture())
    file = uploads.replace_avatar(user, content=content.file, size=content.size, name="a.jpg")

    with pytest.raises(FileInUse):
        delete_file(file.pk, actor=user)

    file.refresh_from_db()
    assert file.status == "ready"
