"""How Django asks who somebody is and what they may do."""

from django.contrib.auth.backends import ModelBackend

from accounts.errors import (
    NotStaff,
    OtpInvalid,
    OtpRequired,
    SecondFactorMissing,
    TooManyAttempts,
    TooManyOtps,
)
from accounts.models import User
from accounts.scope import grants
from accounts.services.login import check_password
from accounts.services.login_log import Device, log_attempt
from accounts.services.second_factor import Offer
from config.api.client_ip import client_ip
from config.errors import DomainError
from config.masking import mask_account


class RoleBackend(ModelBackend):
    """Log in by username, phone or email; permissions come from roles alone.

    Permissions are kept per (person, permission_version), so a change of roles, which raises
    the version, is live on every process with the next look at the row (invariants R-3).
    """

    def authenticate(self, request, username=None, password=None, otp="", **kwargs):
        """Whom these let into the back office; each attempt is in the login log.

        user.awaits_otp: the second page is still to come.  Raises TooManyAttempts, OtpInvalid
        and TooManyOtps, which the login page shows.
        """
        account = username or ""
        if not account or not password:
            return None
        device, offer = back_office_device(request), Offer(otp)
        try:
            user = check_password(
                account, password, method="back_office", device=device, offer=offer
            )
        except TooManyAttempts:
            raise
        except DomainError:
            return None
        return _let_in(user, mask_account(account), device, offer)

    def get_user(self, user_id):
        user = User.objects.filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None

    def get_user_permissions(self, user_obj, obj=None):
        return set()

    def get_all_permissions(self, user_obj, obj=None):
        return set() if obj is not None else grants(user_obj).keys()

    get_group_permissions = get_all_permissions

    def has_perm(self, user_obj, perm, obj=None):
        return perm in self.get_all_permissions(user_obj, obj)


def _let_in(user: User, account: str, device: Device, offer: Offer) -> User | None:
    refusal = None if user.is_staff else NotStaff()
    try:
        if refusal is None:
            offer.demand(user)
    except SecondFactorMissing:
        pass  # in here they are led to set it up
    except (OtpInvalid, OtpRequired, TooManyOtps) as error:
        refusal = error
    log_attempt(user, "back_office", account, device, refusal)
    if isinstance(refusal, OtpInvalid | TooManyOtps):
        raise refusal
    user.awaits_otp = isinstance(refusal, OtpRequired)
    return None if isinstance(refusal, NotStaff) else user


def back_office_device(request) -> Device:
    if request is None:
        return Device()
    agent = request.headers.get("User-Agent", "")
    return Device(ip_address=client_ip(request) or None, user_agent=agent, platform="后台")
