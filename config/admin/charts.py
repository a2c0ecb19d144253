"""Lines of the dashboard as the bundled chart.js wants them."""

import json
from collections.abc import Mapping, Sequence
from itertools import cycle

from config.dashboard import Line

_COLOURS = [
    "--color-primary-600", "--color-orange-500", "--color-blue-500", "--color-base-400",
    "--color-red-500",
]  # fmt: skip
_GREY = "#9ca3af"
OPTIONS = json.dumps(
    {
        "animation": False,
        "maintainAspectRatio": False,
        "interaction": {"mode": "index", "intersect": False},
        "plugins": {
            "legend": {
                "align": "end",
                "labels": {
                    "boxHeight": 6, "boxWidth": 6, "usePointStyle": True, "color": _GREY,
                },
            }
        },
        "scales": {
            "x": {"grid": {"display": False}, "ticks": {"color": _GREY}},
            "y": {
                "beginAtZero": True,
                "border": {"display": False},
                "grid": {},
                "ticks": {"color": _GREY, "precision": 0, "maxTicksLimit": 6},
            },
        },
    }
)  # fmt: skip


def chart_data(lines: Sequence[Line]) -> str:
    """JSON for Unfold's line chart: one label per day, one dataset per line."""
    labels = [f"{day.month}月{day.day}日" for day in lines[0].daily.days]
    return lines_data(labels, {line.title: line.daily.values for line in lines})


def lines_data(labels: Sequence[str], lines: Mapping[str, Sequence]) -> str:
    """JSON for Unfold's line chart: {title: a value per label}; None leaves a gap."""
    return json.dumps(
        {
            "labels": list(labels),
            "datasets": [
                {
                    "label": title,
                    "data": [None if value is None else str(value) for value in values],
                    "borderColor": f"var({colour})",
                    "backgroundColor": f"var({colour})",
                    "borderWidth": 2,
                    "pointRadius": 2,
                }
                for (title, values), colour in zip(lines.items(), cycle(_COLOURS), strict=False)
            ],
        },
        ensure_ascii=False,
    )


def bar_data(title: str, labels: Sequence[str], values: Sequence[int]) -> str:
    """JSON for Unfold's bar chart: one series."""
    colour = f"var({_COLOURS[0]})"
    series = {
        "label": title, "data": list(values), "backgroundColor": colour, "maxBarThickness": 64,
    }  # fmt: skip
    return json.dumps({"labels": list(labels), "datasets": [series]}, ensure_ascii=False)
