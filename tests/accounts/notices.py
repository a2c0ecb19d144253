"""A template and a notice of it."""

from accounts.models import NotificationTemplate
from accounts.services.notifications import notify

TEMPLATE_ID = "booked-template"


def booked_template() -> NotificationTemplate:
    return NotificationTemplate.objects.create(
        code="booked",
        title="预约成功",
        body="您已预约{counselor}，{at}",
        channels=["in_app", "subscribe"],
        wechat_template_id=TEMPLATE_ID,
        wechat_fields={"thing1": "{counselor}", "time2": "{at}"},
        wechat_page="pages/appointment?id={id}",
    )


def booked(user, **more):
    context = {"counselor": "王老师", "at": "2026年11月22日 15:00", "id": 7}
    notify(user, "booked", **context | more)
