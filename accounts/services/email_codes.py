"""Codes by mail: asked for within limits, spent once; like those by SMS (services.phone_codes)."""

import logging
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.errors import EmailUnavailable
from accounts.models import CodeState, EmailCode, EmailPurpose
from accounts.services import limits
from accounts.services.codes import HOUR, PER_ADDRESSEE, PER_NETWORK, new_code, spend
from accounts.services.parameters import parameter
from config.db import transact
from config.sealing import blind_index

logger = logging.getLogger(__name__)


def request_email_code(email: str, purpose: str, *, ip_address: str | None) -> None:
    """Send a code to an address, in lower case, whether anybody here has it or not.

    Raises TooManyCodes, and EmailUnavailable when there is no mail server, it took nothing, or
    the day's budget is spent.
    """
    if not settings.EMAIL_URL:
        raise EmailUnavailable
    code = new_code()
    network, today = limits.network_of(ip_address), f"{timezone.localdate():%Y%m%d}"
    keys = [
        f"mail:to:{blind_index('email', email)}",
        f"mail:network:{network}",
        f"mail:day:{today}",
    ]
    limits.make_counters(keys)
    row = _record(email, purpose, code, network=network, keys=keys)
    _send(row, code)


@transact
def _record(email: str, purpose: str, code: str, *, network: str, keys: list[str]) -> EmailCode:
    """A row that counts from now on; older codes of the purpose end.

    Locked in this order: address, network, the day's budget.
    """
    of_email, of_network, of_day = keys
    limits.lock(of_email)
    limits.lock(of_network)
    now, sent = timezone.now(), EmailCode.objects.filter(email=email)
    limits.check_windows(sent, PER_ADDRESSEE, now=now)
    limits.check_windows(EmailCode.objects.filter(network=network), PER_NETWORK, now=now)
    if not limits.spend_budget(of_day, parameter("EMAIL_DAY_BUDGET")):
        logger.error("the mail budget of the day is spent")
        raise EmailUnavailable(retry_after=HOUR)
    sent.filter(purpose=purpose, used_at=None, voided_at=None).update(voided_at=now)
    return EmailCode.objects.create(
        email=email,
        purpose=purpose,
        digest=_digest(email, purpose, code),
        network=network,
        created_at=now,
        expires_at=now + timedelta(seconds=parameter("EMAIL_CODE_TTL_SECONDS")),
    )


def _send(row: EmailCode, code: str) -> None:
    """After the commit, in the request that asked: so the code rests nowhere."""
    minutes = max(parameter("EMAIL_CODE_TTL_SECONDS") // 60, 1)
    what = EmailPurpose(row.purpose).label
    text = f"您的验证码为 {code}，用于{what}，{minutes} 分钟内有效，请勿告诉他人。\n\n—— 伴心"
    ours = EmailCode.objects.filter(pk=row.pk, state=CodeState.PENDING)
    try:
        send_mail("伴心验证码", text, None, [row.email])
    except (SMTPException, OSError) as error:
        why = type(error).__name__  # its text has the address
        logger.warning("code %s by mail not sent: %s", row.pk, why)
        ours.update(state=CodeState.FAILED, error=why, voided_at=timezone.now())
        raise EmailUnavailable from None
    ours.update(state=CodeState.SENT)


def spend_email_code(email: str, purpose: str, code: str) -> None:
    """Use up a code, once; see codes.spend()."""
    spend(EmailCode.objects.filter(email=email, purpose=purpose), _digest(email, purpose, code))


def _digest(email: str, purpose: str, code: str) -> str:
    text = f"{EmailPurpose(purpose).value}:{email}:{code}"
    return salted_hmac("accounts.email_code", text, algorithm="sha256").hexdigest()
