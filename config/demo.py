"""What the makers of demo data share.  Development only: the demo command refuses production."""

import random
from dataclasses import dataclass, field

import httpx
from django.conf import settings

PASSWORD = "banxin-demo-2026"

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN_NAMES = [
    "一诺", "子涵", "欣怡", "雨桐", "思源", "若溪", "景行", "知夏", "明轩", "静姝",
    "书瑶", "安然", "清越", "慕白", "望舒", "南星", "予安", "怀瑾", "向晚", "听雨",
    "嘉树", "长宁", "云舒", "以沫", "青禾", "星野", "念慈", "允之", "采薇", "既明",
]  # fmt: skip


class Outside:
    """The sandbox's control API: people whose WeChat and wallet the demo may use."""

    def __init__(self, control_url: str):
        self.url = control_url
        self._http = httpx.Client(
            base_url=f"{control_url}/__sandbox__", timeout=10, trust_env=False
        )

    def persona(self, name: str, nickname: str) -> dict:
        """Make (or find again) the person of that stable id."""
        return self._post("/personas", {"id": name, "nickname": nickname})

    def login_code(self, persona: str) -> str:
        return self._post("/wx/login-code", {"persona": persona})["code"]

    def subscribe(self, persona: str, template_id: str) -> None:
        body = {"persona": persona, "template_id": template_id, "choice": "accept"}
        self._post("/wx/subscribe", body)

    def pay(self, number: str) -> None:
        """The person pays; no notice comes: the demo asks the provider itself."""
        self._post(f"/wxpay/pay/{number}", {"notify": "hold"})

    def _post(self, path: str, body: dict) -> dict:
        response = self._http.post(path, json=body)
        response.raise_for_status()
        return response.json()


def find_outside() -> Outside | None:
    """The sandbox when settings name one and it answers."""
    if not settings.SANDBOX_CONTROL:
        return None
    try:
        url = f"{settings.SANDBOX_CONTROL}/__sandbox__/health"
        httpx.get(url, timeout=2, trust_env=False).raise_for_status()
    except httpx.HTTPError:
        return None
    return Outside(settings.SANDBOX_CONTROL)


@dataclass
class Demo:
    """One run: its randomness, its size, and what it has made so far.

    accounts: role -> {"id", "username", "password", "phone", "persona"}; ids: kind -> [ids];
    made: whatever one maker leaves for the next, by name.
    """

    seed: int
    scale: str
    outside: Outside | None
    accounts: dict = field(default_factory=dict)
    ids: dict = field(default_factory=dict)
    booking_body: dict = field(default_factory=dict)
    made: dict = field(default_factory=dict)

    def __post_init__(self):
        self.begin("demo")

    def begin(self, maker: str) -> None:
        """Each maker draws from a stream of its own: what one takes, which may hang on the day or
        the hour, changes nothing that another makes."""
        self.random = random.Random(f"{self.seed} {maker}")

    def size(self, small: int, full: int) -> int:
        return full if self.scale == "full" else small

    def person_name(self) -> str:
        return self.random.choice(SURNAMES) + self.random.choice(GIVEN_NAMES)

    def manifest(self) -> dict:
        """What `manage.py demo --manifest` writes (contract: Environment)."""
        return {
            "seed": self.seed,
            "scale": self.scale,
            "accounts": self.accounts,
            "ids": self.ids,
            "booking_body": self.booking_body,
            "sandbox": {"control": self.outside.url if self.outside else None},
        }
