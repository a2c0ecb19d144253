"""Tasks have names of their own, and the schedule names only tasks that exist."""

import re

from config.celery import app
from tests.architecture.sources import PACKAGES, import_everything

NAME = re.compile(r"(?P<app>[a-z]+)\.[a-z]+(_[a-z]+)*")


def ours() -> dict[str, object]:
    import_everything()
    app.loader.import_default_modules()
    return {
        name: task for name, task in app.tasks.items() if task.__module__.split(".")[0] in PACKAGES
    }


def misnamed(tasks: dict) -> list[str]:
    return [
        name
        for name, task in tasks.items()
        if not (match := NAME.fullmatch(name)) or match["app"] != task.__module__.split(".")[0]
    ]


def missing(schedule: dict, tasks) -> set[str]:
    return {entry["task"] for entry in schedule.values()} - set(tasks)


def test_every_task_is_named_by_its_app_and_what_it_does():
    assert misnamed(ours()) == []


def test_beat_runs_only_tasks_that_exist():
    assert missing(app.conf.beat_schedule, ours()) == set()


def test_every_task_of_the_schedule_ends_in_time():
    """A sweep that hangs would hold its worker for ever."""
    tasks = ours()
    for entry in app.conf.beat_schedule.values():
        assert tasks[entry["task"]].time_limit, f"{entry['task']} has no time_limit"


def test_tasks_leave_no_results():
    assert [name for name, task in ours().items() if not task.ignore_result] == []


def test_a_misnamed_and_a_missing_task_are_noticed():
    def task(module):
        return type("Task", (), {"__module__": module})()

    assert misnamed({"commerce.expire_orders": task("commerce.tasks")}) == []
    assert misnamed({"expire": task("commerce.tasks")}) == ["expire"]
    assert misnamed({"accounts.expire": task("commerce.tasks")}) == ["accounts.expire"]
    assert missing({"x": {"task": "commerce.gone"}}, ours()) == {"commerce.gone"}
