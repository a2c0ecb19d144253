"""What WeChat says about the data somebody let us have: cleaned up, withdrawn, account closed.

decisions/2026-11-21-wechat-withdrawals.md says why each has the effect it has.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from accounts.models import User
from accounts.services.consents import withdraw_all
from accounts.services.deletion import close_with_wechat
from accounts.services.notifications import notify
from accounts.services.profiles import clear_profile
from accounts.services.subscriptions import all_taken_back
from accounts.services.wechat_events import person_of

_LOOKS = ("nickname", "avatar")
# RevokeInfo: one thing that we may have from WeChat, or all of it.
_ONE = {"6": _LOOKS, "19": ("nickname",), "20": ("avatar",)}
_ALL = {"201", "301"}


def on_modified(event: Mapping[str, Any]) -> None:
    """user_info_modified: WeChat cleaned a risky profile, and ours is not to keep it."""
    if user := _person(event):
        _clear(user, _LOOKS)


def on_revoked(event: Mapping[str, Any]) -> None:
    """user_authorization_revoke: one kind of data was withdrawn, or the authorisation itself."""
    user, what = _person(event), str(event.get("RevokeInfo", ""))
    if user and what in _ALL:
        clear_profile(user.pk, names=_LOOKS)
        withdraw_all(user)
        all_taken_back(user)
        notify(user, "wechat_authorization_withdrawn")
    elif user and what in _ONE:
        _clear(user, _ONE[what])


def on_closed(event: Mapping[str, Any]) -> None:
    """user_authorization_cancellation: the person closed their WeChat account."""
    if user := _person(event):
        close_with_wechat(user.pk)


def _clear(user: User, names: tuple[str, ...]) -> None:
    if any(getattr(user, name) for name in names):
        clear_profile(user.pk, names=names)
        notify(user, "wechat_profile_cleared")


def _person(event: Mapping[str, Any]) -> User | None:
    """WeChat itself is the sender; whom it is about stands in OpenID, of the app in AppID."""
    ours = event.get("AppID") in {None, settings.WX_APPID}
    return person_of(event, "OpenID") if ours else None
