"""One-time codes by time, by the vectors of RFC 6238."""

import base64
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from accounts import totp

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        (59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"),
        (2000000000, "279037"), (20000000000, "353130"),
    ],
)  # fmt: skip
def test_the_vectors_of_rfc_6238(moment, code):
    assert totp.code_of(SECRET, totp.step_at(moment)) == code
    assert totp.matching_step(SECRET, code, now=moment) == moment // 30


def test_a_clock_may_be_one_step_off_and_no_more():
    now, here = 1_000_000_015, 1_000_000_015 // 30

    accepted = [
        drift
        for drift in range(-3, 4)
        if totp.matching_step(SECRET, totp.code_of(SECRET, here + drift), now=now) == here + drift
    ]

    assert accepted == [-1, 0, 1]


@pytest.mark.parametrize("code", ["", "28708", "2870820", "２８７０８２", "abcdef", "\0"])
def test_what_is_no_code_matches_nothing(code):
    assert totp.matching_step(SECRET, code, now=59) is None


def test_secrets_are_160_bits_and_differ():
    secrets = {totp.new_secret() for _ in range(100)}

    assert len(secrets) == 100
    assert {len(base64.b32decode(secret)) for secret in secrets} == {20}


def test_the_address_in_the_qr_code():
    address = urlsplit(totp.provisioning_uri(SECRET, "a+b:c@d"))

    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert unquote(address.path) == "/伴心后台:a+b:c@d"
    assert parse_qs(address.query) == {"secret": [SECRET], "issuer": ["伴心后台"]}
