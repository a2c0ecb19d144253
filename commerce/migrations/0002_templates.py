"""The words of commerce's notices; staff edit them in the back office."""

from django.db import migrations

TEMPLATES = [
    {
        "code": "order_expired",
        "title": "订单已过期",
        "body": "您的订单 {number} 超时未支付，已自动关闭。如仍需要，请重新下单。",
        "channels": ["in_app"],
    },
    {
        "code": "order_cancelled",
        "title": "订单已取消",
        "body": "您的订单 {number} 已由工作人员取消。{reason}",
        "channels": ["in_app"],
    },
    {
        "code": "payment_returned",
        "title": "付款将退回",
        "body": "订单 {number} 的付款 {amount} 元（{reason}）将原路退回，无需操作。",
        "channels": ["in_app"],
    },
    {
        "code": "refund_succeeded",
        "title": "退款成功",
        "body": "订单 {number} 的退款 {amount} 元已原路退回，请以支付账户到账为准。",
        "channels": ["in_app", "subscribe"],
        "wechat_template_id": "refund_succeeded",
        "wechat_fields": {
            "character_string1": "{number}",
            "amount2": "{amount}元",
            "thing3": "款项已原路退回",
        },
        "wechat_page": "pages/order/index",
    },
    {
        "code": "refund_rejected",
        "title": "退款申请未通过",
        "body": "订单 {number} 的退款申请（{amount} 元）未通过。{note}",
        "channels": ["in_app"],
    },
]


def forward(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    for row in TEMPLATES:
        code = row["code"]
        template.objects.get_or_create(
            code=code, defaults={key: value for key, value in row.items() if key != "code"}
        )


def backward(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    template.objects.filter(code__in=[row["code"] for row in TEMPLATES]).delete()


class Migration(migrations.Migration):
    dependencies = [("commerce", "0001_initial"), ("accounts", "0001_initial")]

    operations = [migrations.RunPython(forward, backward)]
