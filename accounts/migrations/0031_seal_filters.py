import json

from django.db import migrations


def seal_filters(apps, schema_editor):
    """May run again: what is sealed already stays."""
    for job in apps.get_model("accounts", "ExportJob")._base_manager.iterator():
        if not job.sealed_filters:
            job.sealed_filters = json.dumps(job.filters, ensure_ascii=False)
            job.save(update_fields=["sealed_filters"])


def open_filters(apps, schema_editor):
    for job in apps.get_model("accounts", "ExportJob")._base_manager.iterator():
        job.filters = json.loads(job.sealed_filters or "{}")
        job.save(update_fields=["filters"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0030_sealed_answers")]

    operations = [migrations.RunPython(seal_filters, open_filters)]
