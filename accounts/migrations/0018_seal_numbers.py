import re

from django.db import migrations

from accounts.fields import Sealed, new_row_key
from accounts.services.field_keys import rewrite

SEALED = re.compile(r"[0-9a-f]{32}:[^:]+:[A-Za-z0-9+/]+=*")
COLUMNS = [("User", "phone"), ("User", "email"), ("PhoneCode", "phone")]


def seal_all(apps, schema_editor):
    """May run again: what is sealed already stays."""
    give_row_keys(apps.get_model("accounts", "User"))
    for name, column in COLUMNS:
        rewrite(apps.get_model("accounts", name), column, _plain)
    forget_addresses(apps)
    forget_numbers_in_counters(apps)


def give_row_keys(model):
    rows = model._base_manager.filter(row_key=None)
    for pk in rows.values_list("pk", flat=True).iterator():
        rows.filter(pk=pk).update(row_key=new_row_key())


def _plain(field, stored, bound):
    return None if SEALED.fullmatch(stored) else stored


def forget_addresses(apps):
    """A number that was to hear of its replacement stood in the notice's context."""
    Notification = apps.get_model("accounts", "Notification")
    field = Notification._meta.get_field("address")
    for note in Notification.objects.filter(template="phone_replaced").iterator():
        if to := note.context.pop("to", None):
            sealed = field.sealed(to, note.user_id)
            Notification.objects.filter(pk=note.pk).update(context=note.context, address=sealed)


def forget_numbers_in_counters(apps):
    """They count a day at the most; who asks within the minute of the upgrade asks anew."""
    apps.get_model("accounts", "RateCounter").objects.filter(key__startswith="sms:phone:").delete()


def open_all(apps, schema_editor):
    """Back to plain text, for the previous version of the code."""
    for name, column in COLUMNS:
        model = apps.get_model("accounts", name)
        for pk, text in model._base_manager.exclude(**{column: None}).values_list("pk", column):
            model._base_manager.filter(pk=pk).update(**{column: Sealed(text)})


class Migration(migrations.Migration):
    dependencies = [("accounts", "0017_sealed_columns")]

    operations = [migrations.RunPython(seal_all, open_all)]
