"""The words of notices about what happens to an order after it is paid; staff edit them."""

from django.db import migrations

TEMPLATES = [
    {
        "code": "order_paid",
        "title": "支付成功",
        "body": "您的订单 {number} 已支付成功，{next}。",
        "channels": ["in_app"],
    },
    {
        "code": "order_shipped",
        "title": "订单已发货",
        "body": "您的订单 {number} 已发货：{parcels}。收到后请确认收货。",
        "channels": ["in_app", "subscribe"],
        "wechat_template_id": "order_shipped",
        "wechat_fields": {"character_string1": "{number}", "thing2": "{parcels}"},
        "wechat_page": "pages/order/index",
        "scene": "order",
    },
    {
        "code": "order_tracking_corrected",
        "title": "运单号已更正",
        "body": "您的订单 {number} 的运单号已更正为：{parcels}。",
        "channels": ["in_app"],
    },
    {
        "code": "order_verified",
        "title": "订单已核销",
        "body": "您的订单 {number} 已在商户处核销。如非本人操作，请尽快联系客服。",
        "channels": ["in_app"],
    },
    {
        "code": "order_confirm_soon",
        "title": "请确认收货",
        "body": "您的订单 {number} 将于 {date} 自动确认收货。如未收到或有问题，请及时申请退款。",
        "channels": ["in_app"],
    },
    {
        "code": "order_auto_confirmed",
        "title": "订单已完成",
        "body": "您的订单 {number} 已自动确认收货，期待您的评价。",
        "channels": ["in_app"],
    },
    {
        "code": "merchant_order_paid",
        "title": "您有新订单",
        "body": "订单 {number}（{total} 元）已支付，请及时处理。",
        "channels": ["in_app"],
    },
    {
        "code": "merchant_order_completed",
        "title": "订单已完成",
        "body": "订单 {number}（{total} 元）已完成。",
        "channels": ["in_app"],
    },
    {
        "code": "merchant_refund_asked",
        "title": "买家申请退款",
        "body": "订单 {number} 的买家申请退款 {amount} 元，原因：{reason}。平台审核期间请暂停发货。",
        "channels": ["in_app"],
    },
]


def add(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    for words in TEMPLATES:
        template.objects.get_or_create(code=words["code"], defaults=words)


def remove(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    template.objects.filter(code__in=[words["code"] for words in TEMPLATES]).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0034_api_key_notices"), ("commerce", "0011_fulfilment")]

    operations = [migrations.RunPython(add, remove)]
