"""Before nobody may be there twice: of several profiles of oneself the oldest stays."""

from django.db import migrations


def keep_the_oldest(apps, schema_editor):
    profiles = apps.get_model("counseling", "ClientProfile").objects
    live = profiles.filter(relation="self", archived_at=None).order_by("user_id", "pk")
    seen = set()
    for pk, user_id in list(live.values_list("pk", "user_id")):
        if user_id in seen:
            profiles.filter(pk=pk).update(relation="other")
        seen.add(user_id)


class Migration(migrations.Migration):
    dependencies = [("counseling", "0029_note_access_notice")]

    operations = [migrations.RunPython(keep_the_oldest, migrations.RunPython.noop)]
