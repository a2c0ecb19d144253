"""Access and refresh tokens over HTTP (invariants J-1, J-2, J-3, J-4, J-12)."""

import base64
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256, sha384, sha512
from types import SimpleNamespace

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.test import Client

from accounts import tokens
from accounts.models import LoginSession, Notification, RefreshToken, User
from accounts.services import sessions
from config import memo
from tests.helpers import Api, data, refusal

ME = "/users/profile"
KEY = settings.JWT_SIGNING_KEY
HASHES = {"HS256": sha256, "HS384": sha384, "HS512": sha512}
GARBAGE = [
    "", " ", ".", "..", "...", "a.b.c", "null", "undefined", "x" * 4000, "eyJ", "eyJhbGciOiJIUzI1",
    "eyJhbGciOiJIUzI1NiJ9..", "eyJhbGciOiJIUzI1NiJ9.e30.", "%00", "Bearer", "two words", "\\u0000",
    "{}", "[]", "1", "0", "-1", "true", "' OR 1=1 --", "../../passwd", "<script>", "🙂" * 3,
]  # fmt: skip


@pytest.fixture
def claims(api):
    """The claims of a token that works."""
    return jwt.decode(api.access, options={"verify_signature": False})


def part(value) -> str:
    text = json.dumps(value) if not isinstance(value, bytes) else value.decode("latin-1")
    return base64.urlsafe_b64encode(text.encode("latin-1")).decode().rstrip("=")


def sign(claims, key=KEY, algorithm="HS256", **header) -> str:
    """By hand: PyJWT would refuse to write most of what follows."""
    signed = f"{part({'alg': algorithm, 'typ': 'JWT'} | header)}.{part(claims)}"
    mac = hmac.new(key.encode(), signed.encode(), HASHES[algorithm]).digest()
    return f"{signed}.{part(mac)}"


def forgeries(claims) -> dict[str, str]:
    """Tokens nobody may get in with, by what is wrong with them."""
    good = sign(claims)
    garbage = {f"garbage {n}": text for n, text in enumerate(GARBAGE)}
    return (
        other_algorithms(claims, good) | other_keys(claims) | other_shapes(claims, good)
        | other_moments_and_people(claims) | other_values(claims) | garbage | damaged(good)
    )  # fmt: skip


def other_algorithms(claims, good) -> dict[str, str]:
    _, body, signature = good.split(".")
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = rsa_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    named = {
        f"alg {alg!r}": f"{part({'alg': alg, 'typ': 'JWT'})}.{body}.{signature}"
        for alg in ("hs256", "HS256 ", ["HS256"], None, 1, "ES256", "PS256", "EdDSA", "dir", "HS1")
    }
    return named | {
        "no algorithm": f"{part({'alg': 'none', 'typ': 'JWT'})}.{body}.",
        "no algorithm, signed": f"{part({'alg': 'none'})}.{body}.{signature}",
        "None": f"{part({'alg': 'None'})}.{body}.",
        "NONE": f"{part({'alg': 'NONE'})}.{body}.",
        "hs384": sign(claims, algorithm="HS384"),
        "hs512": sign(claims, algorithm="HS512"),
        "rs256": jwt.encode(claims, rsa_key, "RS256"),
        "public key as secret": sign(claims, public.decode()),
    }


def other_keys(claims) -> dict[str, str]:
    return {
        "secret key": sign(claims, settings.SECRET_KEY),
        "empty key": sign(claims, ""),
        "other key": sign(claims, "x" * 40),
        "key id": sign(claims, "x" * 40, kid="../../dev/null"),
        "key url": sign(claims, "x" * 40, jku="http://127.0.0.1:1/keys"),
        "key inside": sign(claims, "x" * 40, jwk={"kty": "oct", "k": "eA"}),
    }


def other_shapes(claims, good) -> dict[str, str]:
    head, body, signature = good.split(".")
    return {
        "no signature": f"{head}.{body}.",
        "two parts": f"{head}.{body}",
        "four parts": f"{good}.{signature}",
        "cut": good[:-2],
        "bit flipped": good[:-5] + ("A" if good[-5] != "A" else "B") + good[-4:],
        "other body": f"{head}.{part(claims | {'sub': '999999'})}.{signature}",
    }


def other_moments_and_people(claims) -> dict[str, str]:
    """Signed with the right key: what was true once, or of somebody else."""
    now = int(time.time())
    changes = {
        "refresh as access": {"token_type": "refresh"},
        "expired": {"exp": now - 1},
        "expired long ago": {"exp": 0},
        "not yet": {"nbf": now + 3600},
        "issued tomorrow": {"iat": now + 86400},
        "other person": {"sub": str(int(claims["sub"]) + 1)},
        "older version": {"ver": claims["ver"] - 1},
        "newer version": {"ver": claims["ver"] + 1},
        "other session": {"sid": "x" * 43},
        "session in other case": {"sid": claims["sid"].swapcase()},
    }
    return {name: sign(claims | change) for name, change in changes.items()}


def other_values(claims) -> dict[str, str]:
    """Signed with the right key: claims that are missing or of the wrong kind."""
    forged = {}
    for name, values in {
        "aud": ["banxin-admin", "", ["x"], 1, None],
        "iss": ["someone", "", "BANXIN", 1, None],
        "token_type": ["", "ACCESS", "sliding", 1, None, ["access"], {"a": 1}],
        "sub": ["", 1, None, [], "1' OR '1'='1", "１", {}],
        "sid": ["", 1, None, [], {}, "\0", "' OR 1=1"],
        "jti": [1, None, [], {}],
        "ver": ["1", None, [], 1.5, {}],
        "exp": ["never", None, [], {}, -1, 1.5],
    }.items():
        for number, value in enumerate(values):
            forged[f"{name} {number}"] = sign(claims | {name: value})
        forged[f"without {name}"] = sign({k: v for k, v in claims.items() if k != name})
    return forged


def damaged(good: str) -> dict[str, str]:
    """One letter another (never a part's last, whose low bits mean nothing), or the end gone."""
    found = {}
    for at in range(0, len(good) - 1, 2):
        if "." not in good[at : at + 2]:
            found[f"letter {at}"] = good[:at] + ("B" if good[at] == "A" else "A") + good[at + 1 :]
    return found | {f"cut at {at}": good[:at] for at in range(1, len(good), 9)}


def test_J1_only_our_own_tokens_open_anything(api, claims):
    forged = forgeries(claims)
    assert len(forged) >= 300
    client = Client(raise_request_exception=True)
    opened = {}
    for name, token in forged.items():
        header = f"Bearer {token}".encode().decode("latin-1")
        response = client.get(f"/api/v1{ME}", headers={"Authorization": header})
        if response.status_code != 401 or response.json()["code"] != 10401:
            opened[name] = response.status_code

    assert opened == {}
    assert data(api.get(ME))["id"] == api.user.pk  # the twin that is right


def test_J1_the_same_forgeries_refresh_nothing(api):
    mine = jwt.decode(api.refresh, options={"verify_signature": False})
    forged = forgeries(mine) | {"access as refresh": api.access}
    forged.pop("refresh as access")  # here it is the right kind
    answers = {
        name: refusal(Api().post("/token/refresh", {"refresh": token}))
        for name, token in forged.items()
        if token.strip() and len(token) < 2000
    }

    assert {name: answer for name, answer in answers.items() if answer != (401, 11003)} == {}
    assert RefreshToken.objects.count() == 1


@pytest.mark.parametrize("scheme", ["Token", "Basic", "JWT", "bearer", "BEARER"])
def test_only_the_bearer_scheme_counts(api, scheme):
    api.headers["Authorization"] = f"{scheme} {api.access}"
    expected = 200 if scheme.lower() == "bearer" else 401
    assert api.get(ME).status_code == expected


def test_J2_a_refresh_token_gives_one_successor(api):
    first = data(api.post("/token/refresh", {"refresh": api.refresh}))
    second = data(api.post("/token/refresh", {"refresh": first["refresh"]}))

    assert first.keys() == {"token", "refresh", "expires_in"}
    assert len({api.refresh, first["refresh"], second["refresh"]}) == 3
    assert RefreshToken.objects.filter(consumed_at=None).count() == 1
    api.headers["Authorization"] = f"Bearer {second['token']}"
    assert api.get(ME).status_code == 200


def test_J3_within_ten_seconds_the_same_answer_comes_again(api):
    start = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as clock:
        client = Api(api.user)
        first = data(client.post("/token/refresh", {"refresh": client.refresh}))
        for seconds in (1, 9):
            clock.move_to(start + timedelta(seconds=seconds))
            assert data(client.post("/token/refresh", {"refresh": client.refresh})) == first

    assert RefreshToken.objects.filter(session__user=api.user).count() == 1 + 2


def test_J3_later_it_is_theft_and_the_family_ends(api):
    start = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as clock:
        client = Api(api.user)
        stolen = client.refresh
        heir = data(client.post("/token/refresh", {"refresh": stolen}))
        clock.move_to(start + timedelta(seconds=30))

        assert refusal(client.post("/token/refresh", {"refresh": stolen})) == (401, 11003)

        assert refusal(client.post("/token/refresh", {"refresh": heir["refresh"]})) == (401, 11003)
        client.headers["Authorization"] = f"Bearer {heir['token']}"
        assert client.get(ME).status_code == 401
    session = LoginSession.objects.order_by("-pk").first()
    assert session.revoked_reason == "reuse"
    note = Notification.objects.get(template="session_reused")
    assert (note.user, note.title) == (api.user, "登录安全提醒")
    assert api.get(ME).status_code == 200  # another device is untouched


def test_a_refresh_token_ends_after_thirty_days(api):
    with time_machine.travel(datetime.now(UTC) + timedelta(days=30, seconds=1)):
        assert refusal(api.post("/token/refresh", {"refresh": api.refresh})) == (401, 11003)


def test_an_access_token_ends_after_fifteen_minutes(api):
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=15, seconds=1)):
        assert refusal(api.get(ME)) == (401, 10401)


ENDINGS = {
    "logout": lambda api: api.post("/logout", {}),
    "logout everywhere": lambda api: api.post("/logout", {"all": True}),
    "device": lambda api: api.delete(f"/devices/{LoginSession.objects.get(user=api.user).pk}"),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_J4_the_very_next_request_in_this_process_is_refused(
    api, ending, django_capture_on_commit_callbacks
):
    assert api.get(ME).status_code == 200

    with django_capture_on_commit_callbacks(execute=True):
        assert data(ENDINGS[ending](api)) == {}

    assert refusal(api.get(ME)) == (401, 10401)
    assert refusal(api.post("/token/refresh", {"refresh": api.refresh})) == (401, 11003)


def test_J4_another_process_notices_within_half_a_second(api, monkeypatch):
    """That process keeps what it read: nobody tells it to forget (no commit, so no callback)."""
    now = [1000.0]
    monkeypatch.setattr(memo, "time", SimpleNamespace(monotonic=lambda: now[0]))
    assert api.get(ME).status_code == 200

    sessions.revoke_all(api.user.pk, reason="test")

    now[0] += tokens.LIVE_SECONDS - 0.01
    assert api.get(ME).status_code == 200  # or the test would show nothing
    now[0] += 0.02
    assert refusal(api.get(ME)) == (401, 10401)
    assert tokens.LIVE_SECONDS <= 1


def test_J4_a_token_of_a_past_version_is_dead_even_if_its_session_lives(api):
    User.objects.filter(pk=api.user.pk).update(token_version=2)
    tokens.forget(LoginSession.objects.get(user=api.user).sid)

    assert refusal(api.get(ME)) == (401, 10401)


def test_logging_out_here_leaves_the_other_device_alone(api):
    other = Api(api.user)

    data(api.post("/logout", {}))

    assert other.get(ME).status_code == 200
    assert LoginSession.objects.filter(revoked_at=None).count() == 1


def test_verify_says_whether_an_access_token_works(api):
    assert data(Api().post("/token/verify", {"token": api.access})) == {}
    assert refusal(Api().post("/token/verify", {"token": api.refresh})) == (401, 11003)
    assert refusal(Api().post("/token/verify", {"token": "x"})) == (401, 11003)


def test_J12_the_back_offices_cookie_means_nothing_to_the_api(staff):
    client = Client()
    client.force_login(staff("super_admin"))
    assert client.get("/admin/").status_code == 200

    assert client.get(f"/api/v1{ME}").status_code == 401
    assert client.post("/api/v1/user/1/disable").status_code == 401


def test_J12_a_token_means_nothing_to_the_back_office(staff):
    api = Api(staff("super_admin"))

    response = api.client.get("/admin/", headers=api.headers)

    assert (response.status_code, response.headers["Location"][:13]) == (302, "/admin/login/")


def test_tokens_of_nobody_say_who_they_are_for(api):
    """A claim for every field the checks above rely on; nothing personal beside them."""
    claims = jwt.decode(api.access, options={"verify_signature": False})
    assert claims.keys() == {
        "token_type", "sub", "sid", "jti", "ver", "iat", "exp", "iss", "aud",
    }  # fmt: skip
