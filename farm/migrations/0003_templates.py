"""The words of notices about animals; staff edit them in the back office."""

from django.db import migrations

TEMPLATES = {
    "animal_published": ("动物已上架", "您的动物“{name}”已通过审核并上架。"),
    "animal_rejected": ("动物审核未通过", "您的动物“{name}”未通过审核：{reason}。修改后可重新提交。"),
    "animal_claimed": (
        "认领成功",
        "您已成功认领{animal}，认领编号 {number}，有效期至 {until}。认领协议生成后可在认领详情中查看。",
    ),
    "animal_claimed_merchant": (
        "动物被认领", "您的动物{animal}已被认领，认领编号 {number}，有效期至 {until}。",
    ),
    "claim_end_asked": (
        "申请提前结束认领", "{animal}的认领人申请提前结束认领（编号 {number}）：{reason}。请及时处理。",
    ),
    "claim_end_refused": (
        "提前结束申请未通过", "您提前结束{animal}认领（编号 {number}）的申请未通过：{reason}。",
    ),
    "claim_ended": ("认领已结束", "您对{animal}的认领（编号 {number}）已结束：{reason}。{outcome}"),
    "claim_ended_merchant": (
        "认领已结束", "{animal}的认领（编号 {number}）已提前结束：{reason}。{outcome}",
    ),
    "claim_term_over": ("认领已到期", "您对{animal}的认领（编号 {number}）已于 {until} 到期。感谢您的陪伴。"),
    "claim_term_over_merchant": ("认领已到期", "{animal}的认领（编号 {number}）已于 {until} 到期。"),
    "claim_ending": ("认领即将到期", "您对{animal}的认领（编号 {number}）将于 {until} 到期，还有不到 {days} 天。"),
    "animal_updated": ("动物有新动态", "{animal}的{kind}动态：{content}"),
    "animal_update_overdue": (
        "请更新动物动态", "您的动物{animal}已超过 {days} 天没有动态，认领人在等待它的消息。",
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


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0026_figures"),
        ("farm", "0002_agreement_files_never_change"),
    ]

    operations = [migrations.RunPython(add, remove)]
