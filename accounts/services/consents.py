"""Which agreement is in force, and who agreed to it."""

from hashlib import sha256

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.errors import AgreementNotCurrent, ConsentRequired
from accounts.models import Agreement, AgreementKind, Consent, User
from config.db import transact
from config.memo import memo


@memo(1)
def current_agreement(kind: str) -> Agreement | None:
    """The newest published text of a kind."""
    published = Agreement.objects.filter(kind=kind, published_at__lte=timezone.now())
    return published.order_by("-version").first()


@transact
def give_consent(user: User, *, kind: str, version: int, ip_address: str | None) -> Consent:
    """Record that `user` agrees to that version; AgreementNotCurrent when another is in force.

    A second call gives the first record; after a withdrawal it makes a new one.
    """
    agreement = current_agreement(kind)
    if agreement is None or agreement.version != version:
        raise AgreementNotCurrent(kind=kind, version=agreement.version if agreement else None)
    standing = Consent.objects.filter(user=user, agreement=agreement, withdrawn_at=None)
    if consent := standing.first():
        return consent
    try:
        with transaction.atomic():
            return Consent.objects.create(user=user, agreement=agreement, ip_address=ip_address)
    except IntegrityError:
        return standing.get()


def withdraw_consent(user: User, *, kind: str) -> None:
    """Withdraw what was agreed to; what was done on its ground stays.  Harmless to repeat."""
    Consent.objects.filter(user=user, agreement__kind=kind, withdrawn_at=None).update(
        withdrawn_at=timezone.now()
    )


def withdraw_all(user: User) -> None:
    """Withdraw all that was agreed to; harmless to repeat."""
    Consent.objects.filter(user=user, withdrawn_at=None).update(withdrawn_at=timezone.now())


def consents_of(user: User) -> list[dict]:
    """One entry per kind of agreement in force: kind, title, version and when `user` agreed."""
    current = [agreement for kind in AgreementKind.values if (agreement := current_agreement(kind))]
    agreed = dict(
        Consent.objects.filter(user=user, agreement__in=current, withdrawn_at=None).values_list(
            "agreement_id", "agreed_at"
        )
    )
    return [
        {
            "kind": agreement.kind,
            "title": agreement.title,
            "version": agreement.version,
            "agreed_at": agreed.get(agreement.pk),
        }
        for agreement in current
    ]


def require_consent(user_id: int, kind: str) -> Agreement:
    """The agreement in force that the person has agreed to; ConsentRequired otherwise."""
    agreement = current_agreement(kind)
    agreed = agreement and agreement.consents.filter(user_id=user_id, withdrawn_at=None).exists()
    if not agreed:
        raise ConsentRequired(kind=kind, version=agreement.version if agreement else None)
    return agreement


@transact
def publish_agreement(*, kind: str, title: str, body: str) -> Agreement:
    """Put a new version in force; everybody is asked again."""
    last = Agreement.objects.filter(kind=kind).order_by("-version").select_for_update().first()
    agreement = Agreement.objects.create(
        kind=kind,
        version=last.version + 1 if last else 1,
        title=title,
        body=body,
        sha256=sha256(body.encode()).hexdigest(),
        published_at=timezone.now(),
    )
    transaction.on_commit(lambda: current_agreement.forget(kind))
    return agreement
