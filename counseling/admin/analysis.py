"""The page 预约分析: sessions, when they are, with whom, and how people come to them."""

from accounts.admin.analysis import AnalysisPage
from accounts.services.stat_tables import labels, told
from config.admin.charts import bar_data, lines_data
from counseling.models import Counselor, Mode, ServiceKind, Weekday
from counseling.serializers.stats import AppointmentStatsQuery
from counseling.services.appointment_stats import AppointmentStats, appointment_stats
from counseling.services.stat_tables import HEADS, mean_of, percent, rows_of, share_table

# Counselors to choose from; others by ?counselor=.
CHOICES = 200
_DEEPEST = 75  # numbers stay readable on it
_FIRST_HOUR = 6  # nobody has sessions at night: those hours are shown when somebody had


class AppointmentAnalysis(AnalysisPage):
    analysis_title = "预约分析"
    analysis_template = "admin/appointment_analysis.html"
    analysis_file = "appointment-stats"
    analysis_query = AppointmentStatsQuery
    figures = staticmethod(appointment_stats)
    figures_table = staticmethod(rows_of)

    def figures_context(self, request, stats, wanted):
        people = Counselor.objects.order_by("name").values_list("pk", "name")[:CHOICES]
        options = {"counselor": people, "kind": ServiceKind.choices, "mode": Mode.choices}
        names = {"counselor": "咨询师", "kind": "类型", "mode": "方式"}
        lines = {
            title: [getattr(row, name) for row in stats.series] for name, title in HEADS.items()
        }
        return {
            "cards": _cards(stats),
            "choices": [
                {"name": name, "label": names[name], "chosen": wanted.get(name), "options": found}
                for name, found in options.items()
            ],
            "trend": lines_data(labels(stats), lines),
            "types": bar_data(
                "咨询", [t.title for t in stats.types], [t.sessions for t in stats.types]
            ),
            "heat": _heat(stats),
            "workload": share_table(stats.counselors, "咨询师"),
            "tags": _steps(stats.tags, "困扰", "来访者"),
            "funnel": _funnel(stats),
        }


def _cards(stats: AppointmentStats) -> list[dict]:
    totals, rates = stats.totals, stats.rates
    return [
        {"title": "咨询", "icon": "psychology", "value": told(totals.sessions),
         "note": f"新预约 {told(totals.booked)}"},
        {"title": "完成率", "icon": "task_alt", "value": percent(rates.completion),
         "note": f"已完成 {told(totals.completed)}"},
        {"title": "取消率", "icon": "event_busy", "value": percent(rates.cancellation),
         "note": f"取消 {told(totals.cancelled)}"},
        {"title": "未到场率", "icon": "person_off", "value": percent(rates.no_show),
         "note": f"未到场 {told(totals.no_show)}"},
        {"title": "满意度", "icon": "star", "value": mean_of(stats),
         "note": f"评价 {told(stats.satisfaction.reviews)} 条，满分 5 星"},
        {"title": "时段利用率", "icon": "schedule", "value": percent(stats.utilisation.share),
         "note": _hours(stats)},
    ]  # fmt: skip


def _hours(stats: AppointmentStats) -> str:
    time = stats.utilisation
    if time.booked_minutes is None:
        return "已预约占开放时段"
    open_to_clients = time.booked_minutes + time.held_minutes + time.open_minutes
    return f"已约 {time.booked_minutes / 60:.0f} / 开放 {open_to_clients / 60:.0f} 小时"


def _heat(stats: AppointmentStats) -> dict:
    """Rows of cells; share: how much of the busiest hour, per cent of a colour."""
    busiest = max((number or 0 for hours in stats.heat for number in hours), default=0)
    night = any(number != 0 for hours in stats.heat for number in hours[:_FIRST_HOUR])
    shown = range(0 if night else _FIRST_HOUR, 24)
    return {
        "hours": shown,
        "rows": [
            {
                "day": day,
                "cells": [
                    {"number": told(hours[hour]), "hour": hour,
                     "share": (hours[hour] or 0) * _DEEPEST // busiest if busiest else 0}
                    for hour in shown
                ],
            }
            for day, hours in zip(Weekday.labels, stats.heat, strict=True)
        ],
    }  # fmt: skip


def _steps(steps, head: str, number: str) -> dict:
    return {"headers": [head, number], "rows": [[s.title, told(s.number)] for s in steps]}


def _funnel(stats: AppointmentStats) -> dict:
    """Each step with its part of the one before."""
    rows, before = [], None
    for step in stats.funnel:
        part = f"{step.number / before:.1%}" if before and step.number is not None else "-"
        rows.append([step.title, told(step.number), part])
        before = step.number
    return {"headers": ["步骤", "数量", "占上一步"], "rows": rows}
