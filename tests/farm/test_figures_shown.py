"""Figures of claims as answer, page and file: a farm's own for the farm, the rest by right."""

import pytest

from accounts.models import Organisation
from accounts.services.role_editing import save_role
from accounts.services.roles import assign_role
from commerce.models import Refund
from commerce.services.order_figures import refresh_figures
from farm.models import AnimalClaim
from tests.factories.accounts import UserFactory
from tests.factories.commerce import MemberFactory, MerchantFactory
from tests.factories.farm import FarmFactory
from tests.farm.days import NOW, SPAN, at, claimed_at, ended_early, on_sale, stats, travelled
from tests.helpers import Api, data, exported, refusal

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


@travelled(NOW)
def test_the_file_has_the_figures_of_the_answer(staff):
    animal = on_sale(FarmFactory(business_name="=田田"), at(17), price="300.10")
    ended_early(at(19), claimed_at(at(18), animal))
    back = Refund.objects.get().amount
    Refund.objects.update(succeeded_at=at(20, 9))

    job, rows = exported(Api(staff("admin")), "/stat/farm/export", SPAN)

    assert job["filters"] == SPAN | {"by": "day"}
    assert rows[3] == [
        "2026-11-18", "1", "1", "0", "0", "0", "0", "", "300.10", "0.00", "300.10", "1", "1",
        "100.00%", "0",
    ]  # fmt: skip
    assert rows[5][8:11] == ["0.00", f"{back}", f"-{back}"]
    assert ["提前结束", "1", f"{back}"] in rows
    assert ["'=田田", "1", "0", "300.10", f"{back}"] in rows
