"""The page of one person: what every app knows about them, a few rows of each.

The page of an order shows what belongs to it likewise (commerce.admin.story).
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from accounts.services.behavior import behavior_of
from accounts.services.login_log import METHODS
from accounts.services.people import LATEST, Section, sections_for
from config.admin.charts import OPTIONS, lines_data


class WithSections:
    """Put before the admin class of people: their sections below the form."""

    change_form_after_template = "admin/sections.html"

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj is not None:
            context["behavior"] = _behavior(obj, request.user)
            context["sections"] = list(shown(obj, request.user, sections_for(request.user)))
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)


def _behavior(user, viewer) -> dict[str, Any]:
    """{} for whoever may see nothing of it."""
    found = behavior_of(user, viewer=viewer, now=timezone.now())
    if not found.series:
        return {}
    labels = [f"{day.month}月{day.day}日" for day in found.days]
    ways = [[METHODS.get(way, way), n] for way, n in found.logins_by_method.items()]
    devices = [[device or "未知", n] for device, n in found.logins_by_device.items()]
    return {
        "chart": lines_data(labels, {line.title: line.values for line in found.series}),
        "options": OPTIONS,
        "totals": [(line.title, sum(line.values)) for line in found.series],
        "ways": {"headers": ["登录方式", "次数"], "rows": ways},
        "devices": {"headers": ["登录设备", "次数"], "rows": devices},
        "days": len(found.days),
    }


def shown(
    subject, viewer, sections: Iterable[Section], *, latest: int = LATEST
) -> Iterator[dict[str, Any]]:
    """For admin/sections.html: the newest rows about `subject` of each section."""
    for section in sections:
        rows = section.seen(subject, viewer)
        page = _page(section, viewer)
        more = page and section.lookup
        yield {
            "title": section.title,
            "total": rows.count(),
            "heads": list(section.columns),
            "lines": [_line(section, row, page) for row in rows[:latest]],
            "more": more and f"{reverse(f'{page}_changelist')}?{section.lookup}={subject.pk}",
        }


def _line(section: Section, row, page: str) -> dict[str, Any]:
    link = page and reverse(f"{page}_change", args=[row.pk])
    return {"link": link, "cells": [_cell(value) for value in section.lines(row)]}


def _page(section: Section, viewer) -> str:
    """The routes of its model's page, when there is one that the viewer may open."""
    app, _, model = section.page.partition(".")
    known = any(m._meta.label_lower == section.page for m in admin.site._registry)
    may = known and viewer.has_perm(f"{app}.view_{model}")
    return f"admin:{app}_{model}" if may else ""


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    return value
