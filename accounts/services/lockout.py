"""How often somebody may guess a password (invariants J-5): counted in a table, Redis or not.

A place is taken by a conditional UPDATE before the password is looked at and given back when it
was right.  So exactly `limit` wrong ones are evaluated however many come at once.  Right ones
never add up: where all places are taken and some may still be given back, the next one waits.
"""

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.errors import TooManyAttempts, TooManyOtps
from accounts.models import LoginGuard, LoginLog, User
from config.db import transact
from config.errors import DomainError
from config.sealing import blind_index

WINDOW = timedelta(minutes=15)
KNOWN_FOR = timedelta(days=30)
PER_ACCOUNT_AND_ADDRESS = 5
# From all addresses the account never logged in from together: strangers who use it up lock out
# each other, not the owner at home.
PER_ACCOUNT_FROM_STRANGERS = 20
PER_ADDRESS = 100


# How long somebody waits for places that others may give back, and how long a check may take.
PATIENCE = timedelta(seconds=8)
LOOKS_EVERY = 0.05  # seconds


@dataclass(frozen=True)
class Attempt:
    """The places one guess has taken: `with begin_login(...):` compare, and raise when it is wrong.

    A process that dies in between leaves a wrong guess.
    """

    own: str
    shared: tuple[str, ...] = ()

    def __enter__(self) -> "Attempt":
        return self

    def __exit__(self, kind, error, trace) -> None:
        if kind is None:
            self._was_right()
        else:
            self._was_wrong()

    @transact
    def _was_right(self) -> None:
        """It does not count, nor do those before it here; what is being compared still may."""
        LoginGuard.objects.filter(key=self.own, checking__gt=0).update(
            failures=F("checking") - 1, checking=F("checking") - 1
        )
        _give_back(self.shared)

    @transact
    def _was_wrong(self) -> None:
        for key in sorted((self.own, *self.shared)):
            LoginGuard.objects.filter(key=key, checking__gt=0).update(checking=F("checking") - 1)


def begin_login(
    user: User | None,
    account: str,
    ip_address: str | None,
    *,
    proof: Callable[[], bool] | None = None,
) -> Attempt:
    """Take a place for one guess; raises TooManyAttempts, and then nothing may be evaluated.

    An account that does not exist is counted like one that does.  proof: whether the second
    factor that came along is right; it still opens the door when guesses have used up the rest,
    so that nobody can lock its owner out.
    """
    address = address_family(ip_address)
    who = f"u{user.pk}" if user else f"x{blind_index('account', account.strip().lower())}"
    limits = {f"{who}@{address}": PER_ACCOUNT_AND_ADDRESS, f"@{address}": PER_ADDRESS}
    if not is_known_address(user, ip_address):
        limits[who] = PER_ACCOUNT_FROM_STRANGERS
    try:
        return _begin(limits, user)
    except TooManyAttempts:
        if user is None or proof is None:
            raise
        with_proof = {
            f"{who}@{address}+": PER_ACCOUNT_AND_ADDRESS,
            f"@{address}": PER_ADDRESS,
        }
        attempt = _begin(with_proof, user)
        if not proof():
            attempt._was_wrong()
            raise
        return attempt


def begin_confirmation(user: User) -> Attempt:
    """Take a place for a guess by somebody who is logged in already."""
    return _begin({f"u{user.pk}!": PER_ACCOUNT_AND_ADDRESS}, user)


def begin_second_factor(user: User) -> Attempt:
    """Take a place for one code by somebody whose password was right; raises TooManyOtps."""
    return _begin({f"u{user.pk}#": PER_ACCOUNT_AND_ADDRESS}, user, refusal=TooManyOtps)


def unlock(user: User) -> int:
    """Forget the failures of an account, everywhere; how many counters that were."""
    return LoginGuard.objects.filter(user=user).delete()[0]


def is_known_address(user: User | None, ip_address: str | None) -> bool:
    """Whether the account was logged in to from there in the last 30 days."""
    if user is None or not ip_address:
        return False
    return LoginLog.objects.filter(
        user=user,
        succeeded=True,
        ip_address=ip_address,
        created_at__gte=timezone.now() - KNOWN_FOR,
    ).exists()


def address_family(ip_address: str | None) -> str:
    """The address, or its /64: one subscriber has all addresses of that."""
    if not ip_address:
        return "-"
    address = ipaddress.ip_address(ip_address)
    if address.version == 6 and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _begin(
    limits: dict[str, int], user: User | None, *, refusal: type[DomainError] = TooManyAttempts
) -> Attempt:
    taken = []
    for key, limit in limits.items():
        owner = None if key.startswith("@") else user
        if not _take(key, limit, owner):
            _give_back(tuple(taken))
            raise refusal(retry_after=_seconds_left(key))
        taken.append(key)
    return Attempt(taken[0], tuple(taken[1:]))


def _take(key: str, limit: int, user: User | None) -> bool:
    """One more failure of `key`, unless `limit` came with less than WINDOW between each two.

    Waits while others, whose passwords are being compared, may give their places back; never
    inside a transaction, whose locks they may need.
    """
    patient = not transaction.get_connection().in_atomic_block
    until = time.monotonic() + PATIENCE.total_seconds()
    while not _try(key, limit, user):
        if not patient or not _may_be_given_back(key, limit) or time.monotonic() > until:
            return False
        time.sleep(LOOKS_EVERY)
    return True


def _try(key: str, limit: int, user: User | None) -> bool:
    if _count(key, limit):
        return True
    if not LoginGuard.objects.filter(key=key).exists():
        try:
            with transaction.atomic():
                LoginGuard.objects.create(
                    key=key, user=user, failures=1, checking=1, last_at=timezone.now()
                )
            return True
        except IntegrityError:
            pass
    return _count(key, limit)  # full, or made by another request since the first look


def _may_be_given_back(key: str, limit: int) -> bool:
    """Whether it is not yet certain that there have been `limit` wrong ones."""
    row = LoginGuard.objects.filter(key=key, last_at__gt=timezone.now() - PATIENCE)
    return row.filter(Q(checking__gt=0) | Q(failures__lt=limit)).exists()


@transact
def _count(key: str, limit: int) -> bool:
    now = timezone.now()
    row = LoginGuard.objects.filter(key=key)
    return bool(
        row.filter(last_at__lte=now - WINDOW).update(failures=1, checking=1, last_at=now)
        or row.filter(failures__lt=limit).update(
            failures=F("failures") + 1, checking=F("checking") + 1, last_at=now
        )
    )


@transact
def _give_back(keys: tuple[str, ...]) -> None:
    for key in sorted(keys):
        LoginGuard.objects.filter(key=key, checking__gt=0).update(
            failures=F("failures") - 1, checking=F("checking") - 1
        )


def _seconds_left(key: str) -> int:
    last = LoginGuard.objects.filter(key=key).values_list("last_at", flat=True).first()
    left = (last + WINDOW - timezone.now()).total_seconds() if last else 0
    return max(1, int(left) + 1)
