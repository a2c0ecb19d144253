"""Bases and fields that every app's serializers share."""

import re
from threading import local

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from config.phones import normal_phone

_THREAD = local()
_MONEY = re.compile(r"[0-9]{1,8}(\.[0-9]{1,2})?", re.ASCII)


class _BuiltOnce:
    """Building the fields costs more than reading with them: once per class and thread."""

    @property
    def _readable_fields(self):
        made = _THREAD.__dict__
        if type(self) not in made:
            template = type(self)()
            shown = [field for field in template.fields.values() if not field.write_only]
            made[type(self)] = (template, shown)
        template, shown = made[type(self)]
        template._context = self.context
        return shown


class IdField(serializers.IntegerField):
    """The key of a row in a body or query; nothing that no key of ours can be."""

    def __init__(self, **kwargs):
        super().__init__(**{"min_value": 1, "max_value": 2**63 - 1} | kwargs)


class ReadSerializer(_BuiltOnce, serializers.Serializer):
    """For reading what is no model; one serializer's fields serve all of its thread."""


class ApiModelSerializer(_BuiltOnce, serializers.ModelSerializer):
    """For reading: declare `fields`; every field is read-only unless named in `writable`."""

    def get_extra_kwargs(self):
        extra = super().get_extra_kwargs()
        writable = getattr(self.Meta, "writable", ())
        for name in self.Meta.fields:
            if name not in writable:
                extra.setdefault(name, {})["read_only"] = True
        return extra


class MoneyField(serializers.DecimalField):
    """Yuan as a JSON number or text: plain ASCII digits, at most two decimals, never negative.

    Decimal alone would take 1e-400, 1_000 and full-width digits (invariants F10).
    """

    def __init__(self, **kwargs):
        super().__init__(max_digits=10, decimal_places=2, min_value=0, **kwargs)

    def to_internal_value(self, data):
        text = f"{data:.2f}" if isinstance(data, float) and data == round(data, 2) else str(data)
        if isinstance(data, bool) or not _MONEY.fullmatch(text):
            self.fail("invalid")
        return super().to_internal_value(text)


class PhoneField(serializers.CharField):
    """A mainland mobile number, in one spelling before anything counts it."""

    default_error_messages = {"phone": _("请输入 11 位手机号")}

    def to_internal_value(self, data):
        phone = normal_phone(super().to_internal_value(data))
        if phone is None:
            self.fail("phone")
        return phone
