"""The words of notices about second factors and logins from somewhere new."""

from django.db import migrations

_IF_NOT = "如非本人操作，请立即修改密码并联系客服。"
TEMPLATES = [
    ("second_factor_on", "两步验证已开启", "您的账号已于 {at} 开启两步验证，其他登录均已结束。" + _IF_NOT, ["in_app", "email"]),
    ("second_factor_off", "两步验证已关闭", "您的账号已于 {at} 关闭两步验证。" + _IF_NOT, ["in_app", "sms", "email"]),
    ("second_factor_reset", "两步验证已被重置", "管理员已于 {at} 重置您的两步验证，所有登录均已结束，请重新登录并设置。如非您本人提出，请立即联系客服。", ["in_app", "sms", "email"]),
    ("recovery_code_used", "恢复码已被使用", "您的账号已于 {at} 使用一个恢复码通过两步验证，还剩 {left} 个。" + _IF_NOT, ["in_app", "sms", "email"]),
    ("recovery_codes_renewed", "恢复码已重新生成", "您的账号已于 {at} 重新生成恢复码，原来的恢复码全部失效。" + _IF_NOT, ["in_app", "email"]),
    ("login_new_device", "新设备登录提醒", "您的账号于 {at} 在新设备“{device}”上登录，IP 地址 {ip}。如非本人操作，请立即修改密码，并在“登录设备”中移除该设备。", ["in_app", "email"]),
    ("login_new_place", "异地登录提醒", "您的账号于 {at} 从新的网络登录，IP 地址 {ip}，设备“{device}”。如非本人操作，请立即修改密码，并在“登录设备”中移除该设备。", ["in_app", "email"]),
]


def forward(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    for code, title, body, channels in TEMPLATES:
        words = {"title": title, "body": body, "channels": channels, "kind": "security"}
        template.objects.get_or_create(code=code, defaults=words)


def backward(apps, schema_editor):
    codes = [row[0] for row in TEMPLATES]
    apps.get_model("accounts", "NotificationTemplate").objects.filter(code__in=codes).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0022_second_factor")]

    operations = [migrations.RunPython(forward, backward)]
