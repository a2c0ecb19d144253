"""docs/api-guide.md is true: its commands run one after the other and answer what it shows."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass

import pytest

from tests.journeys.stack import ROOT, running_stack

pytestmark = pytest.mark.journey

_BLOCK = re.compile(r"^```(bash|json|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_END = "--- end of the block ---"
_SECONDS = 180


@dataclass
class Step:
    """One bash block, and the answer block that follows it (kind "" when none does)."""

    command: str
    kind: str = ""
    shown: str = ""


def steps_of(page: str) -> list[Step]:
    steps = []
    for kind, text in _BLOCK.findall(page):
        if kind == "bash":
            steps.append(Step(text))
        else:
            steps[-1].kind, steps[-1].shown = kind, text
    return steps


def run(steps: list[Step], **variables) -> list[str]:
    """What each block prints, all of them in one shell that stops at the first failure."""
    script = "set -euo pipefail\n" + "".join(f"{step.command}\necho '{_END}'\n" for step in steps)
    result = subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        env=os.environ | {"NO_PROXY": "127.0.0.1"} | variables,
    )
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr
    return result.stdout.split(_END)[:-1]


def shape(value):
    """Keys, kinds of values, codes and statuses; an empty list or a null fits anything."""
    if isinstance(value, dict):
        return {
            key: part if key in {"code", "status"} else shape(part) for key, part in value.items()
        }
    if isinstance(value, list):
        return [shape(value[0])] if value else None
    return None if value is None else float if isinstance(value, int) else type(value)


def fits(shown, real) -> bool:
    if isinstance(shown, dict) and isinstance(real, dict):
        return shown.keys() == real.keys() and all(fits(shown[key], real[key]) for key in shown)
    if isinstance(shown, list) and isinstance(real, list):
        return fits(shown[0], real[0])
    return shown is None or real is None or shown == real


@pytest.mark.skipif(not shutil.which("curl"), reason="the guide speaks with curl")
def test_every_command_of_the_api_guide_answers_what_it_shows():
    steps = steps_of((ROOT / "docs" / "api-guide.md").read_text())

    with running_stack(SWEEP_SECONDS="3") as stack:
        control = stack.manifest["sandbox"]["control"]
        answers = run(steps, BASE=f"{stack.base_url}/api/v1", SANDBOX=f"{control}/__sandbox__")

    assert len(steps) > 20
    for step, answer in zip(steps, answers, strict=True):
        if step.kind == "text":
            assert answer.strip() == step.shown.strip(), step.command
        if step.kind == "json":
            shown, real = json.loads(step.shown), json.loads(answer)
            assert fits(shape(shown), shape(real)), f"{step.command}\n{answer}"
