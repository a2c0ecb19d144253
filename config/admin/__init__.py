"""The back office: its site and the bases every app's pages stand on."""

from config.admin.base import BackOfficeAdmin, ReadOnly, ReadOnlyInline
from config.admin.columns import COLOURS, badge, coloured, in_words, masked, model_name, yuan
from config.admin.filters import DayRangeFilter
from config.admin.site import BackOfficeSite

__all__ = [
    "COLOURS",
    "BackOfficeAdmin",
    "BackOfficeSite",
    "DayRangeFilter",
    "ReadOnly",
    "ReadOnlyInline",
    "badge",
    "coloured",
    "in_words",
    "masked",
    "model_name",
    "yuan",
]
