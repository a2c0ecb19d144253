"""The words of notices about renewals; staff edit them in the back office."""

from django.db import migrations

TEMPLATES = {
    "claim_renewed": ("认领已续期", "您对{animal}的认领（编号 {number}）已续期至 {until}。"),
    "claim_renewed_merchant": ("认领已续期", "{animal}的认领（编号 {number}）已续期至 {until}。"),
}


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
    dependencies = [("accounts", "0026_figures"), ("farm", "0006_claim_renewals")]

    operations = [migrations.RunPython(add, remove)]
