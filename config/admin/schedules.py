"""Periodic tasks: what runs when, whether it ran, pause it, run it now."""

from datetime import timedelta
from functools import partial

from celery import current_app
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import transaction
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    PeriodicTasks,
    SolarSchedule,
)
from unfold.decorators import action, display

from config.admin.base import BackOfficeAdmin
from config.changes import note_change

UNITS = [(86400, "天"), (3600, "小时"), (60, "分钟"), (1, "秒")]

# The schedule is a literal in config.celery and roles own their groups: no pages for either.
for model in (ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule):
    admin.site.unregister(model)
admin.site.unregister(Group)


def schedule_text(task: PeriodicTask) -> str:
    """每 20 秒, 每小时, 每天 04:10, or the crontab as it is."""
    if task.interval:
        return _every(task.interval.schedule.run_every)
    if not task.crontab:
        return "-"
    cron = task.crontab
    days = (cron.day_of_week, cron.day_of_month, cron.month_of_year)
    if days == ("*", "*", "*") and cron.minute.isdecimal() and cron.hour.isdecimal():
        return f"每天 {int(cron.hour):02}:{int(cron.minute):02}"
    return f"{cron.minute} {cron.hour} {cron.day_of_month} {cron.month_of_year} {cron.day_of_week}"


def _every(span: timedelta) -> str:
    seconds = max(int(span.total_seconds()), 1)
    size, unit = next((size, unit) for size, unit in UNITS if seconds % size == 0)
    number = seconds // size
    return f"每{unit}" if number == 1 else f"每 {number} {unit}"


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(BackOfficeAdmin):
    """Code says what runs and how often; operators may pause a task or run it now."""

    list_display = ["name", "schedule", "enabled", "last_run", "runs"]
    list_filter = ["enabled"]
    list_select_related = ["interval", "crontab"]
    search_fields = ["name", "task"]
    fields = ["name", "code", "schedule", "enabled", "last_run", "runs"]
    readonly_fields = ["name", "code", "schedule", "last_run", "runs"]
    actions = ["enable", "pause", "run_now"]

    def get_queryset(self, request):
        return super().get_queryset(request).exclude(name="celery.backend_cleanup")

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    @display(description="任务代码")
    def code(self, task):
        return task.task

    @display(description="周期")
    def schedule(self, task):
        return schedule_text(task)

    @display(description="上次运行", ordering="last_run_at")
    def last_run(self, task):
        return task.last_run_at or "尚未运行"

    @display(description="运行次数", ordering="total_run_count")
    def runs(self, task):
        return task.total_run_count

    @action(description="启用", permissions=["change"])
    def enable(self, request, queryset):
        self._switch(request, queryset, on=True)

    @action(description="暂停", permissions=["change"])
    def pause(self, request, queryset):
        self._switch(request, queryset, on=False)

    def _switch(self, request, queryset, *, on: bool):
        for task in queryset:
            note_change(task, {"enabled": (task.enabled, on)})
        count = queryset.update(enabled=on)
        PeriodicTasks.update_changed()  # beat looks at this row, not at every task's
        self.message_user(request, f"已{'启用' if on else '暂停'} {count} 个任务")

    @action(description="立即运行一次", permissions=["change"])
    def run_now(self, request, queryset):
        for task in queryset:
            send = partial(current_app.send_task, task.task, ignore_result=True)
            transaction.on_commit(send, robust=True)
        self.message_user(request, f"已提交 {len(queryset)} 个任务")
