"""What the runner prints once everything is up: what is where, and who may log in."""

import json
from pathlib import Path

from config.stack.plan import Plan, shown


def banner(plan: Plan, seconds: float) -> str:
    places = {
        "API": f"{plan.url}/api/v1/",
        "API docs": f"{plan.url}/api/v1/docs",
        "Back office": f"{plan.url}/admin/",
        "Health": f"{plan.url}/health/ready",
    }
    control = plan.environment().get("SANDBOX_CONTROL")
    if control:
        places["Sandbox"] = f"{control}/ (WeChat, WeChat Pay: phones, money, clock, faults)"
    places["Database"] = shown(plan.database_url)
    places["Broker"] = shown(plan.redis_url) or "embedded"
    places["Logs"] = str(plan.logs)
    lines = [f"Banxin is running, up after {seconds:.1f} s.", ""]
    lines += [f"  {name:<12} {place}" for name, place in places.items()]
    lines += _logins(plan.manifest) if plan.with_demo else []
    return "\n".join([*lines, "", "Ctrl-C stops everything.", ""])


def _logins(manifest: Path) -> list[str]:
    try:
        accounts = json.loads(manifest.read_text())["accounts"]
    except (OSError, ValueError, KeyError):
        return [
            "",
            f"  No demo logins: {manifest} is missing; demo data goes into an empty database only.",
        ]
    lines = ["", "  Demo logins"]
    for role, account in accounts.items():
        phone = f"  phone {account['phone']}" if account.get("phone") else ""
        persona = f"  persona {account['persona']}" if account.get("persona") else ""
        lines.append(
            f"    {role:<18} {account.get('username') or '-':<18} {account.get('password') or '-'}"
            f"{phone}{persona}"
        )
    return lines
