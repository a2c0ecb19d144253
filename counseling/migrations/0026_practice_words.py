"""Notices about applications and qualifications; and what those who practise already need to go on.

Counselors on offer have GRACE_DAYS to submit a qualification; their services face to face get a
place to be filled in.
"""

from datetime import timedelta

from django.db import migrations
from django.utils import timezone

GRACE_DAYS = 30
TEMPLATES = {
    "counselor_application_approved": (
        "咨询师申请已通过", "恭喜，您的咨询师申请已通过。请完善服务与排班，资质通过审核后即可提交上架。",
    ),
    "counselor_application_rejected": (
        "咨询师申请未通过", "您的咨询师申请未通过：{reason}。修改后可重新提交。",
    ),
    "counselor_published": ("您的主页已上架", "您的咨询师主页已上架，来访者可以预约了。"),
    "counselor_sent_back": ("主页需要修改", "您的咨询师主页暂未上架：{reason}。修改后可重新提交。"),
    "qualification_approved": ("资质已通过审核", "您提交的“{name}”已通过审核。"),
    "qualification_rejected": (
        "资质未通过审核", "您提交的“{name}”未通过审核：{reason}。修改后可重新提交。",
    ),
    "qualification_expiring": (
        "资质即将到期",
        "您的“{name}”将于 {until} 到期，还有不到 {days} 天。请及时提交新的证书：没有有效资质时，主页会暂停展示，也不能预约。",
    ),
}  # fmt: skip


def add(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    for code, (title, body) in TEMPLATES.items():
        template.objects.get_or_create(
            code=code, defaults={"title": title, "body": body, "channels": ["in_app"]}
        )


def remove(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    template.objects.filter(code__in=TEMPLATES).delete()


def give_grace(apps, schema_editor):
    counselors = apps.get_model("counseling", "Counselor").objects
    until = timezone.now() + timedelta(days=GRACE_DAYS)
    counselors.filter(status="published", qualified_until=None).update(qualified_until=until)


def give_places(apps, schema_editor):
    service, location = (apps.get_model("counseling", name) for name in ("Service", "Location"))
    homeless = service.objects.filter(mode="offline", location=None).order_by("pk")
    for row in homeless.select_related("counselor"):
        place, _ = location.objects.get_or_create(
            counselor=row.counselor, city=row.counselor.city, address="具体地址请与咨询师确认"
        )
        service.objects.filter(pk=row.pk).update(location=place)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0026_figures"), ("counseling", "0025_practices")]

    operations = [
        migrations.RunPython(add, remove),
        migrations.RunPython(give_grace, migrations.RunPython.noop),
        migrations.RunPython(give_places, migrations.RunPython.noop),
    ]
