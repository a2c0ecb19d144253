"""What people are told about leave, and about sessions it hits."""

from django.db import migrations

SESSION = {
    "channels": ["in_app", "subscribe"],
    "wechat_page": "pages/appointment/detail?id={appointment_id}",
    "scene": "booking",
}
TEMPLATES = {
    "leave_approved": {
        "title": "休假已批准",
        "body": "您 {start} 至 {end} 的休假已批准，{hit} 个预约受影响，请尽快提供改约时间。审批说明：{note}",
        "channels": ["in_app"],
    },
    "leave_rejected": {
        "title": "休假未获批准",
        "body": "您 {start} 至 {end} 的休假申请未获批准。审批说明：{note}",
        "channels": ["in_app"],
    },
    "session_affected": {
        "title": "咨询需要调整",
        "body": "{counselor} {start} 的{service}因{why}无法进行（编号 {number}）。我们会为您安排改约，{deadline} 前未确定的将取消并全额退款；您也可以现在取消，全额退款。",
        "wechat_template_id": "session_affected",
        "wechat_fields": {
            "thing1": "{service}",
            "time2": "{start}",
            "thing3": "{why}",
            "time4": "{deadline}",
        },
        **SESSION,
    },
    "session_offered": {
        "title": "请选择改约时间",
        "body": "{counselor} {start} 的{service}（编号 {number}）有可改约的时间，请在 {deadline} 前选择；都不合适可取消，全额退款。",
        "wechat_template_id": "session_offered",
        "wechat_fields": {
            "thing1": "{service}",
            "time2": "{start}",
            "time3": "{deadline}",
        },
        **SESSION,
    },
    "session_kept": {
        "title": "咨询照常进行",
        "body": "{counselor} {start} 的{service}（编号 {number}）照常进行，无需改约。",
        "wechat_template_id": "session_kept",
        "wechat_fields": {
            "thing1": "{service}",
            "time2": "{start}",
            "thing3": "{remark}",
        },
        **SESSION,
    },
    "session_reassigned": {
        "title": "已更换咨询师",
        "body": "您编号 {number} 的预约已改为 {counselor} {start} 的{service}，价格不变。",
        "wechat_template_id": "session_reassigned",
        "wechat_fields": {
            "thing1": "{service}",
            "thing2": "{counselor}",
            "time3": "{start}",
            "character_string4": "{number}",
        },
        **SESSION,
    },
}  # fmt: skip


def add(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    for code, words in TEMPLATES.items():
        template.objects.get_or_create(code=code, defaults=words)


def remove(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    template.objects.filter(code__in=TEMPLATES).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_security_notices"), ("counseling", "0018_leave")]

    operations = [migrations.RunPython(add, remove)]
