"""Codes by SMS: asked for within limits, spent once (invariants J-6, J-7).

The message leaves after the commit, in the request that asked for it: so the code rests nowhere,
and neither Redis nor a worker has to be there.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.errors import SmsBudgetSpent, SmsUnavailable, TooManyCodes
from accounts.models import CodePurpose, CodeState, PhoneCode
from accounts.services import limits
from accounts.services.captcha import check_captcha
from accounts.services.codes import (
    DAY,
    HOUR,
    MINUTE,
    PER_ADDRESSEE,
    PER_NETWORK,
    new_code,
    spend,
)
from accounts.services.limits import Window
from accounts.services.parameters import parameter
from accounts.services.receipts import failing_providers, message_place
from accounts.sms.base import SmsError, Trouble, send_sms, senders
from config.db import transact
from config.sealing import blind_index

logger = logging.getLogger(__name__)

PER_ASKER = [Window(HOUR, 10), Window(DAY, 30)]


def request_code(
    phone: str, purpose: str, *, ip_address: str | None, asker: str = "", captcha: str = ""
) -> None:
    """Send a code to a number, registered or not.

    Raises TooManyCodes, SmsBudgetSpent, the refusals of check_captcha() and SmsUnavailable when
    no provider took it.  phone: as normal_phone() spells it.  asker: the id of the account that
    asks, "" for a stranger.
    """
    if not senders():
        raise SmsUnavailable
    counted = _Counted(phone, limits.network_of(ip_address), asker)
    check_captcha(captcha, ip_address=ip_address, needed=counted.is_near_limit)
    code = new_code()
    limits.make_counters(counted.keys)
    _send(_record(counted, purpose, code), code)


@dataclass(frozen=True)
class _Counted:
    """Whom a code counts for."""

    phone: str
    network: str
    asker: str

    @property
    def keys(self) -> list[str]:
        """The counters, in the order in which they are locked; the day's budget last."""
        today = f"sms:day:{timezone.localdate():%Y%m%d}"
        places = [(name, value) for name, value, _ in self.limited]
        places[0] = ("phone", blind_index("phone", self.phone))
        return [f"sms:{name}:{value}" for name, value in places] + [today]

    @property
    def limited(self) -> list[tuple[str, str, list[Window]]]:
        found = [("phone", self.phone, PER_ADDRESSEE), ("network", self.network, PER_NETWORK)]
        return found + ([("asker", self.asker, PER_ASKER)] if self.asker else [])

    def is_near_limit(self) -> bool:
        """One of them has got its share of what an hour allows."""
        since, share = timezone.now() - timedelta(hours=1), parameter("SMS_CAPTCHA_PERCENT")
        return any(
            codes_of(name, value).filter(created_at__gt=since).count() * 100
            >= share * next(window.limit for window in windows if window.seconds == HOUR)
            for name, value, windows in self.limited
        )


def codes_of(name: str, value: str) -> QuerySet[PhoneCode]:
    return PhoneCode.objects.filter(**{name: value})


@transact
def _record(counted: _Counted, purpose: str, code: str) -> PhoneCode:
    """A row that counts from now on; older codes of the purpose end.

    Locked in this order: number, network, asker, the day's budget.
    """
    *keys, of_day = counted.keys
    for key in keys:
        limits.lock(key)
    now, phone = timezone.now(), counted.phone
    for name, value, windows in counted.limited:
        limits.check_windows(codes_of(name, value), windows, now=now)
    if not limits.spend_budget(of_day, parameter("SMS_DAY_BUDGET")):
        logger.error("the SMS budget of the day is spent")
        raise SmsBudgetSpent(retry_after=HOUR)
    live = PhoneCode.objects.filter(phone=phone, purpose=purpose, used_at=None, voided_at=None)
    live.update(voided_at=now)
    return PhoneCode.objects.create(
        phone=phone,
        purpose=purpose,
        digest=_digest(phone, purpose, code),
        network=counted.network,
        asker=counted.asker,
        created_at=now,
        expires_at=now + timedelta(seconds=parameter("SMS_CODE_TTL_SECONDS")),
    )


def _send(row: PhoneCode, code: str) -> None:
    """Ask the providers and note what became of it; a code that surely went nowhere ends."""
    minutes = max(parameter("SMS_CODE_TTL_SECONDS") // 60, 1)
    ours = PhoneCode.objects.filter(pk=row.pk, state=CodeState.PENDING)
    words = {"code": code, "minutes": str(minutes)}
    try:
        sent = send_sms(row.phone, row.purpose, words, last=failing_providers())
    except SmsError as error:
        if error.trouble is Trouble.UNKNOWN:
            ours.update(state=CodeState.UNKNOWN, provider=error.provider, error=str(error))
            return
        ended = {"provider": error.provider, "error": str(error), "voided_at": timezone.now()}
        ours.update(state=CodeState.FAILED, **ended)
        if error.trouble is Trouble.LIMIT:
            raise TooManyCodes(retry_after=MINUTE) from None
        raise SmsUnavailable from None
    place = message_place(*sent)
    ours.update(state=CodeState.SENT, provider=sent.provider, message_id=place)


def spend_code(phone: str, purpose: str, code: str) -> None:
    """Use up a code, once; see codes.spend()."""
    spend(PhoneCode.objects.filter(phone=phone, purpose=purpose), _digest(phone, purpose, code))


def _digest(phone: str, purpose: str, code: str) -> str:
    text = f"{CodePurpose(purpose).value}:{phone}:{code}"
    return salted_hmac("accounts.phone_code", text, algorithm="sha256").hexdigest()
