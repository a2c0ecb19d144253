"""The words of notices about invitations; staff edit them."""

from django.db import migrations

TEMPLATES = [
    {
        "code": "merchant_invited",
        "title": "商户邀请您加入",
        "body": "商户“{name}”邀请您担任{role}，请在 {days} 天内于小程序中接受或谢绝。",
        "channels": ["in_app"],
    },
    {
        "code": "merchant_invitation_withdrawn",
        "title": "商户邀请已撤回",
        "body": "商户“{name}”撤回了邀请您担任{role}的邀请。",
        "channels": ["in_app"],
    },
    {
        "code": "merchant_invitation_answered",
        "title": "商户邀请有了结果",
        "body": "{person}{answer}担任“{name}”{role}的邀请。",
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
    dependencies = [
        ("accounts", "0039_operation_target_index"),
        ("commerce", "0030_member_invitations"),
    ]

    operations = [migrations.RunPython(add, remove)]
