from django.db import migrations

from config.db import no_overlap


class Migration(migrations.Migration):
    dependencies = [("counseling", "0001_initial")]

    operations = [
        no_overlap(
            "counseling_timeslot", "counselor_id", "start_at", "end_at", name="slot_no_overlap"
        )
    ]
