"""Figures of orders and of claims: refused by field, shown on a page, taken along, alike."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from tests.commerce import days as orders
from tests.factories.commerce import MerchantFactory
from tests.factories.farm import FarmFactory
from tests.farm import days as claims
from tests.helpers import Api, data, exported, refusal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("old_terms")]


def order_of(merchant, amount):
    orders.sold(date(2026, 11, 18), amount, merchant=merchant)


def claim_of(farm, price):
    claims.claimed_at(claims.at(18), claims.on_sale(farm, claims.at(17), price=price))


@dataclass(frozen=True)
class Figures:
    """money: what they call what came in.  sell(merchant, amount) on 18 November."""

    address: str
    page: str
    head: str
    money: str
    merchant: Callable
    sell: Callable


ORDERS = Figures(
    "/stat/order", "/admin/commerce/order/analysis/", "日期,订单数,销售额,退款笔数", "sales",
    MerchantFactory, order_of,
)  # fmt: skip
CLAIMS = Figures(
    "/stat/farm", "/admin/farm/animalclaim/analysis/", "日期,新认领,期末认领中,结束,续期", "income",
    FarmFactory, claim_of,
)  # fmt: skip
BOTH = pytest.mark.parametrize("of", [ORDERS, CLAIMS], ids=["orders", "claims"])


@pytest.mark.parametrize(
    ("of", "query", "field"),
    [
        (ORDERS, {"kind": "nothing"}, "kind"), (ORDERS, {"merchant": -1}, "merchant"),
        (ORDERS, {"by": "hour"}, "by"),
        (CLAIMS, {"merchant": 0}, "merchant"), (CLAIMS, {"by": "hour"}, "by"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_field(staff, of, query, field):
    response = Api(staff("finance")).get(of.address, query)

    assert refusal(response) == (400, 10400)
    assert list(response.json()["data"]) == [field]


@BOTH
@claims.travelled(claims.NOW)
def test_the_page_shows_the_figures_of_the_answer(office, of):
    one, other = of.merchant(), of.merchant()
    of.sell(one, "300.10")
    of.sell(other, "99.90")

    client = office("admin")
    page = client.get(of.page, claims.SPAN | {"merchant": one.pk})

    assert getattr(page.context["stats"].totals, of.money) == Decimal("300.10")
    answer = data(Api(client.user).get(of.address, claims.SPAN | {"merchant": one.pk}))
    assert answer["totals"][of.money] == 300.1
    text = page.content.decode()
    assert "¥300.10" in text
    assert f'<option value="{one.pk}" selected>' in text
    wrong = client.get(of.page, {"merchant": "x"})
    assert getattr(wrong.context["stats"].totals, of.money) == Decimal("400.00")
    assert "已显示最近 30 天" in wrong.content.decode()


@BOTH
@pytest.mark.parametrize(
    ("role", "page", "export"),
    [("admin", 200, 200), ("finance", 200, 403), ("customer_service", 403, 403)],
)
def test_looking_needs_data_view_and_taking_along_data_export(office, of, role, page, export):
    client = office(role)

    assert client.get(of.page).status_code == page
    response = client.post(f"{of.page}export/", {"by": "week"})

    assert response.status_code == export
    if export == 200:
        assert response.content.decode().startswith(f"\ufeff{of.head}")


@claims.travelled(claims.NOW)
def test_the_file_of_orders_has_the_figures_of_the_answer(staff):
    orders.sold(date(2026, 11, 18), "300.10")
    wish = orders.SPAN | {"kind": "product"}

    job, rows = exported(Api(staff("admin")), "/stat/order/export", wish)

    assert job["filters"] == orders.SPAN | {"by": "day", "kind": "product"}
    assert ["2026-11-18", "1", "300.10", "0", "0.00", "300.10", "300.10", "0.00%", "0.00"] in rows
    assert ["商品", "1", "300.10", "0", "0.00"] in rows
