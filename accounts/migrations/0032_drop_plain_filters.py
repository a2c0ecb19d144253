from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0031_seal_filters")]

    operations = [migrations.RemoveField(model_name="exportjob", name="filters")]
