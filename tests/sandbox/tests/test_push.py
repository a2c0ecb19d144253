"""Events posted to the back end's message callback."""

import base64
import hashlib
import json
import struct
from urllib.parse import parse_qsl, urlsplit

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.sandbox.wx.push import sign

REVOKED = "user_authorization_revoke"


def query_of(path: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(path).query))


def signature(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def test_published_signature_vector():
    assert sign("AAAAA", "1714036504", "1514711492") == "f464b24fc39322e44b38aa78f5edd27bd1441696"


def test_plain_event_is_signed_with_the_token(control, alice, receiver, env):
    control.push(receiver.url, REVOKED, "alice", mode="plain", fields={"RevokeInfo": "201"})
    [delivery] = receiver.wait(1)

    query = query_of(delivery.path)
    expected = signature(env["WX_PUSH_TOKEN"], query["timestamp"], query["nonce"])
    assert query["signature"] == expected
    event = json.loads(delivery.body)
    assert (event["MsgType"], event["Event"]) == ("event", REVOKED)
    assert (event["FromUserName"], event["RevokeInfo"]) == (alice["openid"], "201")


def test_safe_mode_encrypts_for_the_app(control, alice, receiver, env):
    control.push(receiver.url, REVOKED, "alice", mode="safe")
    [delivery] = receiver.wait(1)

    query, sealed = query_of(delivery.path), json.loads(delivery.body)["Encrypt"]
    parts = (env["WX_PUSH_TOKEN"], query["timestamp"], query["nonce"], sealed)
    assert query["msg_signature"] == signature(*parts)
    assert query["encrypt_type"] == "aes"
    event, appid = decrypt(env["WX_PUSH_AES_KEY"], sealed)
    assert event["FromUserName"] == alice["openid"]
    assert appid == env["WX_APPID"]


def decrypt(encoding_key: str, sealed: str) -> tuple[dict, str]:
    assert len(encoding_key) == 43
    key = base64.b64decode(f"{encoding_key}=", validate=True)
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    plain = decryptor.update(base64.b64decode(sealed)) + decryptor.finalize()
    assert 1 <= plain[-1] <= 32
    plain = plain[: -plain[-1]]
    length = struct.unpack(">I", plain[16:20])[0]
    return json.loads(plain[20 : 20 + length]), plain[20 + length :].decode()


def test_unaccepted_event_comes_three_times_more(control, alice, receiver):
    receiver.answers = [500, 500, 500, 500]
    push = control.push(receiver.url, REVOKED, "alice")
    for count in range(1, 5):
        receiver.wait(count)
        control.wait_notice(id=push["id"], state="given_up" if count == 4 else "pending")
        control.clock(advance=6)

    [entry] = control.outbox("notify", id=push["id"])
    assert [attempt["status"] for attempt in entry["attempts"]] == [500] * 4


def test_built_event_is_not_delivered(control, alice, receiver, env):
    good = control.push(receiver.url, REVOKED, "alice", build=True)
    forged = control.push(receiver.url, REVOKED, "alice", build=True, forged=True)

    for built, right in ((good, True), (forged, False)):
        query = query_of(built["url"])
        expected = signature(env["WX_PUSH_TOKEN"], query["timestamp"], query["nonce"])
        assert (query["signature"] == expected) is right
    assert receiver.deliveries == []
    assert control.outbox("notify") == []
