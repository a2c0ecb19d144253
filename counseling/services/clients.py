from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.services.notifications import notify
from accounts.services.reveals import reveal
from config.db import transact
from config.errors import NotFound
from counseling.errors import DuplicateSelfProfile, GuardianContactNeeded, GuardianNameNeeded
from counseling.models import ClientProfile
from counseling.services.calendar import is_child


def create_client(*, user: User, guardian_consent: bool = False, **fields) -> ClientProfile:
    """Add somebody `user` books for; fields as the model names them.

    DuplicateSelfProfile when it is they themselves, once more.
    """
    client = ClientProfile(user_id=user.pk, **fields)
    _note_consent(client, guardian_consent)
    with _nobody_twice():
        client.save(force_insert=True)
    return client


@transact
def update_client(
    client_id: int, *, user: User, guardian_consent: bool | None = None, **fields
) -> ClientProfile:
    """Change a profile of one's own; what is not given stays.

    Another guardian, or another date of birth, makes the consent given before void.
    """
    client = _locked_own(client_id, user)
    if any(
        fields.get(name, getattr(client, name)) != getattr(client, name)
        for name in ("guardian_name", "guardian_phone", "birth_date")
    ):
        client.guardian_consented_at = None
    for name, value in fields.items():
        setattr(client, name, value)
    _note_consent(client, guardian_consent)
    with _nobody_twice():
        client.save(update_fields=[*fields, "guardian_consented_at", "updated_at"])
    return client


@transact
def archive_client(client_id: int, *, user: User) -> None:
    """Take a profile of one's own out of sight; its appointments stay as they are."""
    client = _locked_own(client_id, user)
    client.archived_at = timezone.now()
    client.save(update_fields=["archived_at", "updated_at"])


def reveal_client(client: ClientProfile, field: str, *, actor: User) -> str:
    """One value of a profile in full, for staff; its owner hears that somebody looked.

    Raises what accounts.services.reveals.reveal() does.
    """
    value = reveal(client, field, actor=actor)
    at = f"{timezone.localtime():%Y年%m月%d日 %H:%M}"
    notify(client.user, "client_profile_revealed", what=client.REVEALABLE[field], at=at)
    return value


def _note_consent(client: ClientProfile, given: bool | None) -> None:
    if given is None:
        return
    if given and not client.guardian_name:
        raise GuardianNameNeeded
    if given and is_child(client.birth_date) and not client.guardian_phone:
        raise GuardianContactNeeded
    client.guardian_consented_at = timezone.now() if given else None


def _locked_own(client_id: int, user: User) -> ClientProfile:
    client = ClientProfile.objects.visible_to(user).locked().filter(pk=client_id).first()
    if client is None:
        raise NotFound
    return client


@contextmanager
def _nobody_twice() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        raise DuplicateSelfProfile from None
