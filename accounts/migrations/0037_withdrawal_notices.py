"""The words about what WeChat told of somebody's data."""

from django.db import migrations

TEMPLATES = [
    {
        "code": "wechat_profile_cleared",
        "title": "头像昵称已重置",
        "body": "根据微信平台的通知，您的头像或昵称已清除，可在“个人资料”中重新设置。",
    },
    {
        "code": "wechat_authorization_withdrawn",
        "title": "已按您的要求撤回授权",
        "body": "您已在微信中撤回授权：头像昵称已清除，已同意的协议和订阅消息均已撤回。再次预约时会重新征求您的同意；如需删除全部资料，请在“账号与安全”中申请注销。",
    },
]


def forward(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    for row in TEMPLATES:
        rest = {name: value for name, value in row.items() if name != "code"}
        wanted = rest | {"channels": ["in_app"], "kind": "security"}
        template.objects.get_or_create(code=row["code"], defaults=wanted)


def backward(apps, schema_editor):
    codes = [row["code"] for row in TEMPLATES]
    apps.get_model("accounts", "NotificationTemplate").objects.filter(code__in=codes).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0036_device_limit_notice")]

    operations = [migrations.RunPython(forward, backward)]
