"""Where the mini-program asks for leave to send which subscribe message."""

from django.db import migrations

SCENES = {
    "appointment_confirmed": "booking",
    "appointment_cancelled": "booking",
    "appointment_new": "practice",
}


def forward(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    for code, scene in SCENES.items():
        template.objects.filter(code=code).update(scene=scene)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_reaching"), ("counseling", "0005_template_order")]

    operations = [migrations.RunPython(forward, migrations.RunPython.noop)]
