"""Business numbers from many processes: no two alike, none to be guessed (invariant M-15)."""

import multiprocessing
import re
from collections import Counter

import pytest

from config.numbers import _ALPHABET, new_number
from tests.races.figures import figure, size

pytestmark = pytest.mark.races

PROCESSES = 16
# 31 degrees of freedom: a fair source is above this once in ten thousand times.
CHI_SQUARE = 68.6


def many(count: int) -> list[str]:
    return [new_number("PAY") for _ in range(count)]


def made(count: int) -> list[str]:
    shares = [count // PROCESSES] * PROCESSES
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        return [number for part in pool.map(many, shares) for number in part]


def successor(number: str) -> str:
    last = _ALPHABET.index(number[-1])
    return number[:-1] + _ALPHABET[(last + 1) % 32]


def test_M15_numbers_of_sixteen_processes():
    numbers = made(size(200_000))
    n = len(numbers)

    assert len(set(numbers)) == n
    assert all(re.fullmatch(r"[0-9A-Z]{24}", number) for number in numbers)
    # Letter by letter the random part is as even as chance.
    worst = 0.0
    for place in range(11, 24):
        seen, fair = Counter(number[place] for number in numbers), n / 32
        worst = max(worst, sum((seen[c] - fair) ** 2 / fair for c in _ALPHABET))
    assert worst < CHI_SQUARE
    guesses, known = {successor(number) for number in numbers[: n // 2]}, set(numbers)
    hits = len(guesses & known)
    assert hits == 0
    figure("M-15", f"{n} numbers of 16 processes: 0 alike, {len(guesses)} guesses, {hits} hits")


def test_negative_control_of_M15_four_digits_collide():
    """A second and four random digits, as many systems make them."""
    numbers = [f"PAY20261121120000{new_number('')[-4:]}" for _ in range(20_000)]
    assert len(set(numbers)) < len(numbers)
