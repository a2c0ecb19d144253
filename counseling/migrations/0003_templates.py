from django.db import migrations

# Fields within WeChat's limits: services/notices.py cuts the values to them.
TEMPLATES = {
    "appointment_confirmed": {
        "title": "预约成功",
        "body": "您已成功预约{counselor}的{service}，时间：{start}。预约编号 {number}。",
        "wechat_template_id": "appointment_confirmed",
        "wechat_fields": {
            "thing1": "{service}",
            "thing2": "{counselor}",
            "time3": "{start}",
            "character_string4": "{number}",
        },
    },
    "appointment_new": {
        "title": "新的预约",
        "body": "您有一个新的预约：{service}，时间：{start}。预约编号 {number}。",
        "wechat_template_id": "appointment_new",
        "wechat_fields": {
            "thing1": "{service}",
            "time2": "{start}",
            "character_string3": "{number}",
        },
    },
    "appointment_cancelled": {
        "title": "预约已取消",
        "body": "{start} 的{service}（咨询师：{counselor}，编号 {number}）已取消。{remark}",
        "wechat_template_id": "appointment_cancelled",
        "wechat_fields": {
            "thing1": "{service}",
            "thing2": "{counselor}",
            "time3": "{start}",
            "thing4": "{remark}",
        },
    },
}
CHANNELS = ["in_app", "subscribe"]
PAGE = "pages/appointment/detail?id={appointment_id}"


def add(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    for code, words in TEMPLATES.items():
        template.objects.get_or_create(
            code=code, defaults={"channels": CHANNELS, "wechat_page": PAGE, **words}
        )


def remove(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    template.objects.filter(code__in=TEMPLATES).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("counseling", "0002_slots_never_overlap")]

    operations = [migrations.RunPython(add, remove)]
