"""Which addresses people may have stored: public ones, by their spelling."""

import pytest
from django.core.exceptions import ValidationError

from config.addresses import public_address

GOOD = [
    "https://cdn.example.com/1.jpg",
    "http://example.com",
    "https://example.com:8443/a?b=c#d",
    "https://93.184.216.34/a.png",
    "https://[2606:2800:220:1:248:1893:25c8:1946]/a.png",
    "https://图片.例子.中国/一.jpg",
    "https://localhost.example.com/",
    "https://10.example.com/",
]
BAD = [
    "",
    "/api/v1/file/public/x",
    "//example.com/a.png",
    "example.com",
    "ftp://example.com/a",
    "file:///etc/passwd",
    "data:text/html,<script>alert(1)</script>",
    "javascript:alert(1)",
    "JaVaScRiPt://example.com/%0aalert(1)",
    "https://",
    "http://127.0.0.1/",
    "http://127.0.0.1:8000.example/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://１２７.0.0.1/",
    "http://127。0。0。1/",
    "http://0.0.0.0/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://192.168.1.1:8080/a",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://api.localhost/",
    "http://redis/",
    "http://db.internal/",
    "http://printer.local/",
    "http://metadata.google.internal/",
    "http://user:secret@example.com/",
    "http://example.com@127.0.0.1/",
    "http://exa mple.com/",
    "http://example.com/a\nb",
    "http://127.0.0.1\\@example.com/",
    "https://example.com/" + "x" * 481,
]


@pytest.mark.parametrize("address", GOOD)
def test_a_public_address_may_be_stored(address):
    public_address(address)


@pytest.mark.parametrize("address", BAD)
def test_anything_else_may_not(address):
    with pytest.raises(ValidationError, match="请填写 http 或 https 的公网网址"):
        public_address(address)


def test_our_own_is_public_wherever_we_run_and_nothing_else_there(settings):
    settings.PUBLIC_URL = "http://127.0.0.1:8000"

    public_address("http://127.0.0.1:8000/api/v1/file/public/abc/main.webp")

    for address in ("http://127.0.0.1:8001/a", "http://127.0.0.1:80001/a", "http://127.0.0.1:8000"):
        with pytest.raises(ValidationError):
            public_address(address)
