"""Filters the back office's templates need."""

import json

from django import template

from config.admin.columns import badge, yuan
from config.dashboard import Figure

register = template.Library()
register.filter("yuan", yuan)
register.filter("badge", badge)


@register.filter
def pretty_json(value) -> str:
    """Indented, Chinese left readable."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


@register.filter
def against_yesterday(figure: Figure) -> str:
    """+3, −¥2.00 or 持平: today's number against yesterday's at this time of day."""
    difference = figure.daily.today - figure.daily.yesterday_so_far
    if not difference:
        return "持平"
    amount = yuan(abs(difference)) if figure.money else f"{abs(difference):,}"
    return f"{'+' if difference > 0 else '−'}{amount}"
