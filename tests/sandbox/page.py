"""The overview page: everything this world holds, as plain tables."""

import html
import json
from typing import Any

from .clock import rfc3339

TYPE = "text/html; charset=utf-8"
NEWEST = 200

STYLE = """
body{font:14px/1.5 system-ui,sans-serif;margin:2rem;color:#222}
table{border-collapse:collapse;margin:.5rem 0 2rem;width:100%}
td,th{border-bottom:1px solid #ddd;padding:.25rem .5rem;text-align:left;vertical-align:top}
th{background:#f6f6f6;font-weight:600}
td{max-width:28rem;overflow-wrap:anywhere}
"""


def render(world) -> bytes:
    """Newest entries first, at most a screenful of each kind."""
    clock = world.clock.describe()
    parts = [
        "<!doctype html><meta charset=utf-8><title>Sandbox</title>",
        f"<style>{STYLE}</style><h1>Sandbox</h1>",
        f"<p>Virtual time {html.escape(clock['text'])}, "
        f"{clock['offset_seconds']:+.0f} s from real time, scale {clock['scale']:g}</p>",
    ]
    for heading, rows in _sections(world).items():
        parts.append(f"<h2>{html.escape(heading)} ({len(rows)})</h2>{_table(rows)}")
    return "\n".join(parts).encode()


def _sections(world) -> dict[str, list[dict[str, Any]]]:
    people = world.people
    sections = {"Personas": [people.describe(persona) for persona in people.all()]}
    for rail in world.rails:
        sections |= rail.lists()
    sections["Outbox"] = [_short(entry) for entry in world.outbox.find({})]
    sections["Waiting faults"] = [vars(fault) for fault in world.faults.all()]
    return sections


def _short(entry: dict[str, Any]) -> dict[str, Any]:
    """Tries instead of whole attempts, and no payload: the JSON call has both."""
    tries = ", ".join(str(try_["status"] or try_["error"]) for try_ in entry.get("attempts", []))
    hidden = ("attempts", "plain", "copies", "rail")
    shown = {name: value for name, value in entry.items() if name not in hidden}
    return shown | ({"answers": tries} if "attempts" in entry else {})


def _table(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "<p>none</p>"
    newest = rows[::-1][:NEWEST]
    names = list(dict.fromkeys(name for row in newest for name in row))
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    lines = (
        "<tr>" + "".join(f"<td>{_cell(name, row.get(name))}</td>" for name in names) + "</tr>"
        for row in newest
    )
    return f"<table><tr>{head}</tr>{''.join(lines)}</table>"


def _cell(name: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if name == "at" or name.endswith("_at"):
        return rfc3339(value) if value else ""
    if isinstance(value, dict | list):
        return html.escape(json.dumps(value, ensure_ascii=False))
    return html.escape(str(value))
