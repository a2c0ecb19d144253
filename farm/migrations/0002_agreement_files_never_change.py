from django.db import migrations

from config.db import refuse_updates


class Migration(migrations.Migration):
    dependencies = [("farm", "0001_initial")]

    operations = [refuse_updates("farm_agreementfile")]
