"""Demo people: one account per role, and people who came by WeChat."""

from accounts.models import User
from accounts.rbac import ROLES
from accounts.services.login import by_wechat
from accounts.services.profiles import update_profile
from accounts.services.registration import create_user
from accounts.services.roles import assign_role
from accounts.services.sessions import Device
from config.demo import PASSWORD, Demo

DEVICE = Device(ip_address="127.0.0.1", device_name="演示手机", platform="ios")
CLIENT = "client"


def make(demo: Demo) -> None:
    for number, (role, spec) in enumerate(ROLES.items(), start=1):
        user = create_user(username=role, password=PASSWORD, nickname=f"演示{spec.name}")
        assign_role(user.pk, role, actor=None)
        demo.accounts[role] = _account(user, phone=f"1380013800{number}")
    client = _client(demo)
    demo.accounts[CLIENT] = _account(client, phone="13800138000", persona=_persona(demo, client))
    demo.made["clients"] = [client, *_wechat_people(demo)]
    demo.ids["user"] = list(User.objects.order_by("pk").values_list("pk", flat=True))


def _wechat_people(demo: Demo) -> list[User]:
    """People who registered by opening the mini-program; without a sandbox, by name."""
    people = []
    for number in range(1, demo.size(24, 600) + 1):
        name, nickname = f"demo-{number}", demo.person_name()
        if demo.outside:
            demo.outside.persona(name, nickname)
            user = by_wechat(demo.outside.login_code(name), device=DEVICE).user
            demo.made.setdefault("personas", {})[user.pk] = name
        else:
            user = User(username=name)
            user.set_unusable_password()
            user.save(force_insert=True)
        update_profile(user.pk, nickname=nickname, gender=demo.random.choice(["male", "female"]))
        people.append(user)
    return people


def _client(demo: Demo) -> User:
    """Somebody who may log in both ways: by WeChat, and by username and password."""
    if demo.outside is None:
        return create_user(username="xiaoman", password=PASSWORD, nickname="小满")
    demo.outside.persona("demo-xiaoman", "小满")
    user = by_wechat(demo.outside.login_code("demo-xiaoman"), device=DEVICE).user
    user.username, user.nickname = "xiaoman", "小满"
    user.set_password(PASSWORD)
    user.save(update_fields=["username", "nickname", "password"])
    demo.made.setdefault("personas", {})[user.pk] = "demo-xiaoman"
    return user


def _persona(demo: Demo, user: User) -> str | None:
    return demo.made.get("personas", {}).get(user.pk)


def _account(user: User, *, phone: str, persona: str | None = None) -> dict:
    """What the manifest says of an account; the demo vouches for the phone."""
    user.phone = phone
    user.save(update_fields=["phone"])
    return {
        "id": user.pk,
        "username": user.username,
        "password": PASSWORD,
        "phone": phone,
        "persona": persona,
    }
