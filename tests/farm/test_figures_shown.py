"""Figures of claims as answer, page and file: a farm's own for the farm, the rest by right."""

import csv
from decimal import Decimal

import pytest

from accounts.models import Organisation
from accounts.services.export_running import run_due
from accounts.services.role_editing import save_role
from accounts.services.roles import assign_role
from commerce.models import Refund
from commerce.services.order_figures import refresh_figures
from farm.models import AnimalClaim
from tests.factories.accounts import UserFactory
from tests.factories.commerce import MemberFactory, MerchantFactory
from tests.factories.farm import FarmFactory
from tests.farm.days import NOW, SPAN, at, claimed_at, ended_early, on_sale, stats, travelled
from tests.helpers import Api, data, refusal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("old_terms")]


@travelled(NOW)
def test_who_runs_a_farm_sees_it_alone(user):
    mine, other = FarmFactory(user=user), FarmFactory()
    manager = MemberFactory(merchant=mine, role="manager").user
    claimed_at(at(18), on_sale(mine, at(17), price="10.00"))
    claimed_at(at(18), on_sale(other, at(17), price="70.00"))
    ended_early(at(19), AnimalClaim.objects.get(merchant=other))
    refresh_figures(now=NOW)

    for person in (user, manager):
        found = data(Api(person).get("/stat/farm", SPAN))

        totals = found["totals"]
        assert (totals["begun"], totals["ended"], totals["animal_days"]) == (1, 0, 4)
        assert (totals["income"], totals["refunded"]) == (10.0, 0)
        assert [farm["name"] for farm in found["farms"]] == [str(mine.pk)]
        assert sum(one["animals"] for one in found["animals"]) == 1
        theirs = data(Api(person).get("/stat/farm", SPAN | {"merchant": other.pk}))
        assert (theirs["totals"]["begun"], theirs["farms"]) == (0, [])
        assert sum(one["animals"] for one in theirs["animals"]) == 0


def test_who_has_neither_right_nor_farm_is_refused(staff, api):
    farm = FarmFactory()
    shop = MerchantFactory(merchant_type="flower_shop", status="approved")
    people = [
        staff("customer_service"), shop.user, UserFactory(),
        MemberFactory(merchant=farm, role="clerk").user,
    ]  # fmt: skip
    for client in (api, *map(Api, people)):
        assert refusal(client.get("/stat/farm")) == (403, 10403)
    assert Api().get("/stat/farm").status_code == 401


@travelled(NOW)
def test_a_role_that_reaches_its_organisation_sees_its_farms():
    north = Organisation.objects.create(name="北区")
    save_role(
        "local", name="本地", permissions=["data:view"], data_scope="organisation", actor=None
    )
    viewer = UserFactory(organisation=north)
    assign_role(viewer.pk, "local", actor=None)
    theirs, other = FarmFactory(user=UserFactory(organisation=north)), FarmFactory()
    for farm, price in ((theirs, "40.00"), (other, "70.00")):
        claimed_at(at(18), on_sale(farm, at(17), price=price))

    found = stats(viewer=viewer)

    assert (found.totals.begun, found.totals.income) == (1, 40)
    assert [farm.name for farm in found.farms] == [str(theirs.pk)]


@pytest.mark.parametrize(
    ("query", "field"), [({"merchant": 0}, "merchant"), ({"by": "hour"}, "by")]
)
def test_what_makes_no_sense_is_refused_by_field(staff, query, field):
    response = Api(staff("finance")).get("/stat/farm", query)

    assert refusal(response) == (400, 10400)
    assert list(response.json()["data"]) == [field]


# -- the page and the file


PAGE = "/admin/farm/animalclaim/analysis/"


@travelled(NOW)
def test_the_page_shows_the_figures_of_the_answer(office):
    farm, other = FarmFactory(), FarmFactory()
    claimed_at(at(18), on_sale(farm, at(17), price="300.10"))
    claimed_at(at(18), on_sale(other, at(17), price="99.90"))

    client = office("admin")
    page = client.get(PAGE, SPAN | {"merchant": farm.pk})

    assert page.context["stats"].totals.income == Decimal("300.10")
    text = page.content.decode()
    assert "¥300.10" in text
    assert f'<option value="{farm.pk}" selected>' in text
    wrong = client.get(PAGE, {"merchant": "x"})
    assert wrong.context["stats"].totals.income == Decimal("400.00")
    assert "已显示最近 30 天" in wrong.content.decode()


@pytest.mark.parametrize(
    ("role", "page", "export"),
    [("admin", 200, 200), ("finance", 200, 403), ("customer_service", 403, 403)],
)
def test_looking_needs_data_view_and_taking_along_data_export(office, role, page, export):
    client = office(role)

    assert client.get(PAGE).status_code == page
    response = client.post(f"{PAGE}export/", {"by": "week"})

    assert response.status_code == export
    if export == 200:
        assert response.content.decode().startswith("\ufeff日期,新认领,期末认领中,结束,续期")


@travelled(NOW)
def test_the_file_has_the_figures_of_the_answer(staff):
    animal = on_sale(FarmFactory(business_name="=田田"), at(17), price="300.10")
    ended_early(at(19), claimed_at(at(18), animal))
    back = Refund.objects.get().amount
    Refund.objects.update(succeeded_at=at(20, 9))
    api = Api(staff("admin"))
    job = data(api.post("/stat/farm/export", SPAN), 202)
    assert job["filters"] == SPAN | {"by": "day"}

    run_due()

    url = data(api.get(f"/exports/{job['id']}"))["download_url"]
    content = b"".join(api.get(url[url.index("/api/v1") + 7 :]).streaming_content)
    rows = list(csv.reader(content.decode("utf-8-sig").splitlines()))
    assert rows[3] == [
        "2026-11-18", "1", "1", "0", "0", "0", "0", "", "300.10", "0.00", "300.10", "1", "1",
        "100.00%", "0",
    ]  # fmt: skip
    assert rows[5][8:11] == ["0.00", f"{back}", f"-{back}"]
    assert ["提前结束", "1", f"{back}"] in rows
    assert ["'=田田", "1", "0", "300.10", f"{back}"] in rows
