"""How a notice reaches a person; settings.NOTIFICATION_CHANNELS names one class per channel.

send() gives what receipts will call the message, see accounts.services.receipts; "" for nothing.
"""

from smtplib import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from accounts.models import NoticeKind, Notification, NotificationTemplate
from accounts.services.preferences import MANDATORY
from accounts.services.receipts import failing_providers, message_place
from accounts.services.subscriptions import message_refused, message_sent
from accounts.services.templates import render
from accounts.services.unsubscribe import unsubscribe_link
from accounts.sms.base import SmsError, Trouble, send_sms, senders
from accounts.wechat import WeChatError, wechat_client
from config.sealing import Unreadable


class ChannelError(Exception):
    """permanent: trying again is useless.  undeliverable: the person does not want it."""

    def __init__(self, reason: str, *, permanent: bool = False, undeliverable: bool = False):
        super().__init__(reason)
        self.permanent = permanent or undeliverable
        self.undeliverable = undeliverable


class InAppChannel:
    """The row is the message: nothing to send."""

    def send(self, note: Notification) -> str:
        return ""


class SmsChannel:
    """The template's title and time, to the person's number or to the notice's address."""

    def send(self, note: Notification) -> str:
        phone = note.address or note.user.phone
        if isinstance(phone, Unreadable):
            raise ChannelError("the number cannot be decrypted")
        if not phone or not senders():
            raise ChannelError("no phone number, or no SMS", undeliverable=True)
        template = NotificationTemplate.objects.get(code=note.template)
        when = str(note.context.get("at") or f"{timezone.localtime():%Y年%m月%d日 %H:%M}")
        try:
            words = {"title": template.title[:20], "time": when[:20]}
            sent = send_sms(phone, "notice", words, last=failing_providers())
        except SmsError as error:
            temporary = {Trouble.SYSTEM, Trouble.LIMIT, Trouble.ACCOUNT}
            permanent = error.trouble not in temporary  # unknown: it may have arrived
            raise ChannelError(str(error), permanent=permanent) from error
        return message_place(*sent)


class EmailChannel:
    """Plain text to the person's email, which is set only when a code proved it, or to the
    notice's address."""

    def send(self, note: Notification) -> str:
        address = note.address or note.user.email
        if isinstance(address, Unreadable):
            raise ChannelError("the address cannot be decrypted")
        if not address or not settings.EMAIL_URL:
            raise ChannelError("no email address, or no mail server", undeliverable=True)
        try:
            words = NotificationTemplate.objects.get(code=note.template)
            _mail(note, words, address).send()
        except SMTPRecipientsRefused as error:
            (code, _answer), *_others = error.recipients.values()
            text = f"SMTP {code}: the address was refused"
            raise ChannelError(text, undeliverable=code >= 500) from error
        except SMTPResponseException as error:
            permanent = error.smtp_code >= 500 and not isinstance(error, SMTPAuthenticationError)
            raise ChannelError(f"SMTP {error.smtp_code}", permanent=permanent) from error
        except (SMTPException, OSError) as error:
            raise ChannelError(type(error).__name__) from error
        return ""


def _mail(note: Notification, template: NotificationTemplate, address: str) -> EmailMessage:
    """Promotion can be ended by one click, in the mail program too (RFC 8058)."""
    text, headers = f"{render(template.body, note.context)}\n\n—— 伴心", {}
    if template.kind == NoticeKind.MARKETING:
        link = unsubscribe_link(note.user)
        headers = {
            "List-Unsubscribe": f"<{link}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        text += f"\n退订此类邮件：{link}"
    elif template.kind not in MANDATORY:
        text += "\n不想再收到此类邮件，可在“我的—通知设置”中关闭。"
    return EmailMessage(template.title, text, None, [address], headers=headers)


class SubscribeChannel:
    """A WeChat one-time subscription message to the person's openid of our mini-program.

    Sent even when our count of leaves is zero: the count is a hint, WeChat's answer the truth.
    """

    def send(self, note: Notification) -> str:
        template = NotificationTemplate.objects.get(code=note.template)
        identity = note.user.wechat_identities.filter(appid=settings.WX_APPID).first()
        if identity is None or not template.wechat_template_id:
            raise ChannelError("no openid or no template id", undeliverable=True)
        fields = {name: render(text, note.context) for name, text in template.wechat_fields.items()}
        try:
            message_id = wechat_client().send_subscribe_message(
                openid=identity.openid,
                template_id=template.wechat_template_id,
                page=render(template.wechat_page, note.context),
                fields=fields,
            )
        except ValueError as error:
            raise ChannelError(str(error), permanent=True) from error
        except WeChatError as error:
            if error.refused:
                message_refused(note.user, template.wechat_template_id)
            raise ChannelError(
                str(error), permanent=error.permanent, undeliverable=error.refused
            ) from error
        message_sent(note.user, template.wechat_template_id)
        return message_place("wechat", message_id)
