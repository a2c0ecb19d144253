"""What WeChat tells of by itself, each event once, however often it is pushed."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.models import User, WeChatEvent, WeChatIdentity
from accounts.services.receipts import Receipt, take_receipt
from accounts.services.subscriptions import pushed_yes, taken_back
from accounts.wechat_push import PushRefused, items_of
from config.db import transact

_KIND = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)
_ID = re.compile(r"[!-~]{1,128}", re.ASCII)


@transact
def take_event(event: Mapping[str, Any], *, signature: str) -> bool:
    """Note an event and do what it asks for; False when it came before, or nobody handles it.

    settings.WX_PUSH_HANDLERS names a function(event) for each kind; it runs in this transaction.
    Raises PushRefused when the signature has vouched for another event.
    """
    kind = event.get("Event")
    kind = kind if isinstance(kind, str) and _KIND.fullmatch(kind) else ""
    handler, key = settings.WX_PUSH_HANDLERS.get(kind), _key(event)
    row = WeChatEvent(
        key=key, signature=signature, event=kind, handled=bool(handler), created_at=timezone.now()
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        if WeChatEvent.objects.filter(key=key).exists():
            return False
        raise PushRefused("a signature used before") from None
    if handler:
        import_string(handler)(event)
    return bool(handler)


def on_popup(event: Mapping[str, Any]) -> None:
    """subscribe_msg_popup_event: what somebody answered when asked for leave."""
    user = person_of(event, "FromUserName")
    for item in items_of(event, "SubscribeMsgPopupEvent"):
        if user and item.get("SubscribeStatusString") == "accept" and _is_id(item, "TemplateId"):
            pushed_yes(user, item["TemplateId"])


def on_change(event: Mapping[str, Any]) -> None:
    """subscribe_msg_change_event: somebody closed a template in WeChat's own settings."""
    user = person_of(event, "FromUserName")
    for item in items_of(event, "SubscribeMsgChangeEvent"):
        if user and item.get("SubscribeStatusString") == "reject" and _is_id(item, "TemplateId"):
            taken_back(user, item["TemplateId"])


def on_sent(event: Mapping[str, Any]) -> None:
    """subscribe_msg_sent_event: what became of a message of ours."""
    for item in items_of(event, "SubscribeMsgSentEvent"):
        message_id, code = str(item.get("MsgID", "")), str(item.get("ErrorCode", ""))
        if _ID.fullmatch(message_id) and code.lstrip("-").isdecimal():
            reason = "" if code == "0" else f"{code} {item.get('ErrorStatus', '')}"
            take_receipt(Receipt("wechat", message_id, delivered=code == "0", reason=reason))


def person_of(event: Mapping[str, Any], name: str) -> User | None:
    """Whose openid of our mini-program stands under that name; None for nobody we know."""
    if not _is_id(event, name):
        return None
    known = WeChatIdentity.objects.filter(appid=settings.WX_APPID, openid=event[name])
    identity = known.select_related("user").first()
    return identity.user if identity else None


def _is_id(entry: Mapping[str, Any], name: str) -> bool:
    value = entry.get(name)
    return isinstance(value, str) and bool(_ID.fullmatch(value))


def _key(event: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(event, sort_keys=True).encode()).hexdigest()
