"""Bills of WeChat Pay, Alipay and UnionPay: fetched whole, or not believed."""

import gzip
import io
import tempfile
import tracemalloc
import zipfile
from datetime import date, timedelta
from decimal import Decimal

import pytest

from commerce.gateways import alipay_bill, unionpay_bill, wechat_bill
from commerce.gateways.base import GatewayUnknown, gateway_for
from commerce.gateways.bills import BillBroken, BillNotReady, BillRow
from config.days import day_end, day_start

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 19)
NOON = day_start(DAY).timestamp() + 12 * 3600
RAILS = {"wechat": "wxpay", "alipay": "alipay", "unionpay": "unionpay"}
ROWS = [
    {"number": "PAY1", "transaction_id": "4200001", "amount": 30000, "at": NOON},
    {"number": "PAY2", "transaction_id": "4200002", "amount": 1, "at": NOON},
    {"number": "PAY1", "transaction_id": "4200001", "amount": 9000, "at": NOON,
     "refund_number": "REF1", "refund_id": "5000001"},
]  # fmt: skip


@pytest.fixture(params=RAILS)
def method(request):
    return request.param


def fetched(method) -> tuple[bool, list[BillRow]]:
    gateway = gateway_for(method)
    with tempfile.TemporaryFile() as file:
        there = gateway.download_bill(DAY, file)
        return there, list(gateway.read_bill(file)) if there else []


def test_a_bill_is_read_to_the_fen(world, method):
    world.bill(RAILS[method], DAY.isoformat(), ROWS)

    assert fetched(method) == (
        True,
        [
            BillRow("PAY1", "4200001", Decimal("300.00")),
            BillRow("PAY2", "4200002", Decimal("0.01")),
            # UnionPay's refunds name their purchase only by its queryId
            BillRow("" if method == "unionpay" else "PAY1", "4200001", Decimal("90.00"), "REF1"),
        ],
    )


def test_a_day_without_money_has_no_bill(world, method):
    assert fetched(method) == (False, [])


def test_a_bill_that_is_not_made_yet_is_asked_for_again(world, method, time_machine):
    world.bill(RAILS[method], DAY.isoformat(), ROWS, spoil="late")
    time_machine.move_to(day_end(DAY) + timedelta(hours=9), tick=True)

    with pytest.raises(BillNotReady):
        fetched(method)


@pytest.mark.parametrize("method", ["alipay", "unionpay"])
def test_one_word_means_late_until_noon_and_none_from_then_on(world, method, time_machine):
    time_machine.move_to(day_end(DAY) + timedelta(hours=11, minutes=59), tick=False)
    with pytest.raises(BillNotReady):
        fetched(method)

    time_machine.move_to(day_end(DAY) + timedelta(hours=12), tick=False)
    assert fetched(method) == (False, [])


def test_a_bill_that_ends_early_is_not_believed(world, method):
    world.bill(RAILS[method], DAY.isoformat(), ROWS, spoil="short")

    with pytest.raises(BillBroken):
        fetched(method)


def test_another_hash_is_not_believed(world):
    world.bill("wxpay", DAY.isoformat(), ROWS, spoil="hash")

    with pytest.raises(BillBroken, match="hash"):
        fetched("wechat")


@pytest.mark.parametrize("method", ["wechat", "alipay"])  # UnionPay's file is in its answer
@pytest.mark.parametrize("fault", ["drop", "truncate_body"])
def test_a_download_that_breaks_is_not_believed(world, method, fault):
    world.bill(RAILS[method], DAY.isoformat(), ROWS)
    world.fault(fault, RAILS[method], "bill_file")

    with pytest.raises(BillBroken, match="download"):
        fetched(method)
    assert fetched(method)[0] is True


@pytest.mark.parametrize("fault", ["drop", "bad_signature", "status:502"])
def test_an_answer_that_is_not_the_providers_is_unclear(world, method, fault):
    world.bill(RAILS[method], DAY.isoformat(), ROWS)
    world.fault(fault, RAILS[method], "bill")

    with pytest.raises(GatewayUnknown):
        fetched(method)


# -- files


HEADER = "交易时间,微信订单号,商户订单号,交易状态,退款金额,商户退款单号,退款状态,订单金额"


def bill(*lines) -> io.BytesIO:
    return io.BytesIO("\r\n".join(["\ufeff" + HEADER, *lines, ""]).encode())


def test_what_moved_no_money_is_no_row():
    file = bill(
        "`2026-11-19,`T1,`P1,`SUCCESS,`0,`0,`,`1.00",
        "`2026-11-19,`T2,`P2,`REVOKED,`0,`0,`,`2.00",
        "`2026-11-19,`T1,`P1,`REFUND,`1.00,`R1,`PROCESSING,`0",
        "总交易单数", "`3",
    )  # fmt: skip

    assert [row.number for row in wechat_bill.read_bill(file)] == ["P1"]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["`2026-11-19,`T1,`P1,`SUCCESS,`0,`0,`,`1.00"],
        ["`2026-11-19,`T1,`P1,`SUCCESS,`0,`0,`,`1.00", "总交易单数", "`2"],
        ["`2026-11-19,`T1,`P1,`SUCCESS,`0,`0,`,`one", "总交易单数", "`1"],
        ["`2026-11-19,`T1,`P1", "总交易单数", "`1"],
    ],
)
def test_a_wechat_file_that_is_not_whole(lines):
    with pytest.raises(BillBroken):
        list(wechat_bill.read_bill(bill(*lines)))


def test_a_file_without_the_columns_and_a_zip_that_is_none():
    with pytest.raises(BillBroken, match="column"):
        list(wechat_bill.read_bill(io.BytesIO(b"a,b\r\n")))
    with pytest.raises(BillBroken):
        list(alipay_bill.read_bill(io.BytesIO(b"no zip")))


def settlement(*lines: bytes, name="INN26112088ZM_777290058110048") -> io.BytesIO:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as files:
        files.writestr(name, b"\r\n".join(lines))
    return packed


def test_a_settlement_file_that_is_not_ours_or_not_whole(world, settings):
    world.bill("unionpay", DAY.isoformat(), ROWS)
    with tempfile.TemporaryFile() as file:
        gateway_for("unionpay").download_bill(DAY, file)
        with zipfile.ZipFile(file) as packed:
            good = packed.read(packed.namelist()[-1]).splitlines()[0]
    assert len(list(unionpay_bill.read_bill(settlement(good)))) == 1

    mine = settings.UNIONPAY_MERID.encode()
    for spoilt in (
        good[:200],
        good.replace(mine, b"8" * len(mine)),
        good.replace(b"0030000", b"003OOOO"),
        good.replace(b" 01 ", b" 99 "),
        good.replace(b"PAY1", b"\xb6\xa9\xb5\xa5"),
    ):
        assert spoilt != good
        with pytest.raises(BillBroken):
            list(unionpay_bill.read_bill(settlement(spoilt)))
    for file in (io.BytesIO(b"no zip"), settlement(good, name="INN26112088ZME_777")):
        with pytest.raises(BillBroken):
            list(unionpay_bill.read_bill(file))


def test_memory_does_not_grow_with_the_bill():
    line = "`2026-11-19,`T1,`P1,`SUCCESS,`0,`0,`,`1.00"
    peaks = []
    for number in (1_000, 20_000):
        file = bill(*[line] * number, "总交易单数", f"`{number}")
        tracemalloc.start()
        assert sum(1 for _ in wechat_bill.read_bill(file)) == number
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < peaks[0] + 256 * 1024


def test_a_bomb_of_zeros_comes_out_in_pieces():
    packed = io.BytesIO(gzip.compress(bytes(8 * 1024 * 1024)))

    sizes = [len(piece) for piece in wechat_bill._unpacked(packed)]

    assert (sum(sizes), max(sizes) <= 1024 * 1024) == (8 * 1024 * 1024, True)
