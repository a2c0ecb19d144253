"""Days that are kept lack the sums of everybody together."""

from django.db import migrations


def count_again(apps, schema_editor):
    """The hourly roll-up keeps them anew."""
    apps.get_model("commerce", "OrderDay").objects.update(kept=False)


class Migration(migrations.Migration):
    dependencies = [("commerce", "0026_figures_of_everybody")]
    operations = [migrations.RunPython(count_again, migrations.RunPython.noop)]
