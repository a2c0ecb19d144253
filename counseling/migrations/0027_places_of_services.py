from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("counseling", "0026_practice_words")]

    operations = [
        migrations.AddConstraint(
            model_name='service',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('mode', 'offline'), _negated=True), ('location__isnull', False), ('is_active', False), _connector='OR'), name='service_offline_has_place', violation_error_message='面对面服务需要选择咨询室'),
        ),
    ]
