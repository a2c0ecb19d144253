from functools import partial

from django.db import migrations

from accounts.fields import Sealed, new_row_key
from accounts.services.field_keys import in_batches, rewrite, stored_texts
from config.sealing import CannotUnseal, seal, unseal

COLUMNS = [
    ("Appointment", "note"),
    *(
        ("ClientProfile", name)
        for name in ("name", "phone", "emergency_name", "emergency_phone", "guardian_name")
    ),
]


def bind_all(apps, schema_editor):
    """Ciphertexts were bound to table and column; from now on to the row as well.

    May run again: what is bound already stays.
    """
    give_row_keys(apps.get_model("counseling", "ClientProfile"))
    for name, column in COLUMNS:
        model = apps.get_model("counseling", name)
        rewrite(model, column, partial(_of_column, f"{model._meta.db_table}.{column}"))


def give_row_keys(model):
    rows = model._base_manager.filter(row_key=None)
    for pk in rows.values_list("pk", flat=True).iterator():
        rows.filter(pk=pk).update(row_key=new_row_key())


def _of_column(place, field, stored, bound):
    try:
        return unseal(stored, place)
    except CannotUnseal:
        field.unsealed(stored, bound)  # bound already, or an error: a key is missing
        return None


def unbind_all(apps, schema_editor):
    for name, column in COLUMNS:
        model = apps.get_model("counseling", name)
        field, place = model._meta.get_field(column), f"{model._meta.db_table}.{column}"
        for batch in in_batches(stored_texts(model, column), field.bound_to):
            for row in batch:
                text = Sealed(seal(field.unsealed(row.text, row.bound), place))
                model._base_manager.filter(pk=row.pk).update(**{column: text})


class Migration(migrations.Migration):
    dependencies = [("counseling", "0007_row_keys")]

    operations = [migrations.RunPython(bind_all, unbind_all)]
