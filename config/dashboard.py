"""What the back office's first page is made of; each app's stats.py fills one panel.

settings.DASHBOARD_PANELS names functions panel(user, now) -> Panel.  A panel holds only what
its viewer's permissions let them see, and costs a fixed number of statements.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.utils.module_loading import import_string

from config.days import Daily

TREND_DAYS = 14


@dataclass(frozen=True)
class Figure:
    """Today against yesterday.  page: a route name of the back office.

    whole_day: today's number knows the hours to come too, so all of yesterday is its measure.
    """

    title: str
    daily: Daily
    icon: str
    page: str
    money: bool = False
    whole_day: bool = False


@dataclass(frozen=True)
class Queue:
    """Work that waits for somebody."""

    title: str
    count: int
    page: str
    query: str


@dataclass(frozen=True)
class Line:
    """One line of the chart called `chart`; charts of one name are drawn together."""

    chart: str
    title: str
    daily: Daily


@dataclass(frozen=True)
class Panel:
    figures: Sequence[Figure] = ()
    queues: Sequence[Queue] = ()
    lines: Sequence[Line] = ()


@dataclass
class Dashboard:
    figures: list[Figure] = field(default_factory=list)
    queues: list[Queue] = field(default_factory=list)
    charts: dict[str, list[Line]] = field(default_factory=dict)

    def add(self, panel: Panel) -> None:
        self.figures += panel.figures
        self.queues += panel.queues
        for line in panel.lines:
            self.charts.setdefault(line.chart, []).append(line)


def dashboard_for(user, now: datetime) -> Dashboard:
    dashboard = Dashboard()
    for path in settings.DASHBOARD_PANELS:
        dashboard.add(import_string(path)(user, now))
    return dashboard
