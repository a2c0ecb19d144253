"""Masks: enough to recognise, not enough to use (invariant P-4)."""

import pytest

from config import masking
from config.sealing import Unreadable

MASKS = [
    masking.mask_phone, masking.mask_email, masking.mask_name, masking.mask_id, masking.mask_ip,
    masking.mask_account, masking.mask_key,
]  # fmt: skip


@pytest.mark.parametrize(
    ("mask", "text", "shown"),
    [
        ("phone", "13800138000", "138****8000"),
        ("phone", "+86 138-0013-8000", "138****8000"),
        ("phone", "8613800138000", "138****8000"),
        ("phone", "+852 6123 4567", "+852****4567"),
        ("phone", "+1 (202) 555-0143", "+1****0143"),
        ("phone", "010-62345678", "****5678"),
        ("phone", "12345", "****"),
        ("email", "xiaoman@example.com", "x***@example.com"),
        ("email", "@example.com", "***@example.com"),
        ("email", "no-address", "***"),
        ("name", "林小满", "林**"),
        ("name", "林", "林**"),
        ("name", "欧阳娜娜拉", "欧**"),
        ("id", "11010519491231002X", "110***********002X"),
        ("id", "E12345678", "****78"),
        ("id", "123456", "****"),
        ("ip", "203.0.113.7", "203.0.113.*"),
        ("ip", "2001:db8:1:2::7", "2001:db8:1::*"),
        ("ip", "nonsense", "***"),
        ("account", "13800138000", "138****8000"),
        ("account", "+86 13800138000", "138****8000"),
        ("account", "xiaoman@example.com", "x***@example.com"),
        ("account", "xiaoman", "xi***an"),
        ("account", "abc", "***"),
        ("key", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "oUpF****eS6o"),
        ("key", "short", "****"),
    ],
)
def test_P4_masks(mask, text, shown):
    assert getattr(masking, f"mask_{mask}")(text) == shown


@pytest.mark.parametrize("mask", MASKS)
def test_nothing_stays_nothing_and_the_unreadable_says_so(mask):
    assert (mask(""), mask(None)) == ("", "")
    assert mask(Unreadable("k:x")) == "无法解密"
