"""A file shows what its requester reached when it was made: who reaches less gets none of it."""

import pytest

from accounts.models import ExportJob, User
from accounts.rbac import PERMISSIONS
from accounts.services.export_running import run_due
from accounts.services.exports import download_path, request_export
from accounts.services.organisations import move_to_organisation, save_organisation
from accounts.services.role_editing import save_role
from accounts.services.roles import assign_role, remove_role
from tests.factories.accounts import UserFactory
from tests.helpers import Api, forget_everything, refusal

pytestmark = pytest.mark.django_db
KINDS = [
    "user", "order", "payment", "refund", "ledger", "bill_difference", "animal_claim",
    "user_stats", "order_stats", "appointment_stats", "farm_stats",
]  # fmt: skip
RIGHTS = [name for name in PERMISSIONS if name != "practice:own"]


class Place:
    """Who asks works in north; a shop lies below it, south beside it."""

    def __init__(self):
        self.north = self._named("北区", None)
        self.shop = self._named("北区一店", self.north.pk)
        self.south = self._named("南区", None)
        self.person = UserFactory(organisation=self.north)

    def _named(self, name, parent_id):
        return save_organisation(None, name=name, parent_id=parent_id, actor=None)

    def role(self, scope, rights=RIGHTS):
        save_role(
            "taker", name="导出", permissions=rights, data_scope=scope, actor=None, parent=None
        )
        forget_everything()

    def move(self, organisation):
        move_to_organisation(self.person.pk, organisation_id=organisation.pk, actor=None)
        forget_everything()

    def close_shop(self):
        save_organisation(self.shop.pk, name=self.shop.name, parent_id=self.south.pk, actor=None)
        forget_everything()

    def file(self, kind) -> ExportJob:
        job = request_export(User.objects.get(pk=self.person.pk), kind)
        run_due()
        job.refresh_from_db()
        assert job.status == "ready", job.error
        return job

    def fetch(self, job):
        return Api(self.person).get(download_path(job).removeprefix("/api/v1"))


@pytest.fixture
def place():
    return Place()


@pytest.fixture(params=["all", "organisation"])
def scope(request, place):
    place.role(request.param)
    assign_role(place.person.pk, code="taker", actor=None)
    return request.param


def refused(place, job) -> bool:
    answer = refusal(place.fetch(job))
    return (answer, ExportJob.objects.get(pk=job.pk).downloads) == ((403, 11143), 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_fetched_while_the_reach_is_what_it_was(place, scope, kind):
    job = place.file(kind)

    assert place.fetch(job).status_code == 200
    assert job.reach["scope"] == scope


@pytest.mark.parametrize("kind", KINDS)
def test_no_file_for_a_role_that_reaches_less_and_again_when_it_reaches_as_far(place, scope, kind):
    job = place.file(kind)

    place.role("own")
    assert refused(place, job)

    place.role(scope)
    assert place.fetch(job).status_code == 200


@pytest.mark.parametrize("kind", KINDS)
def test_no_file_for_who_lost_the_right_to_take_along(place, scope, kind):
    job = place.file(kind)

    place.role(scope, [name for name in RIGHTS if name != "data:export"])

    assert refused(place, job)


@pytest.mark.parametrize("kind", ["user", "order", "user_stats", "farm_stats"])
def test_no_file_for_who_lost_the_role(place, scope, kind):
    job = place.file(kind)

    remove_role(place.person.pk, code="taker", actor=None)

    assert refused(place, job)


@pytest.mark.parametrize("kind", ["user", "animal_claim", "appointment_stats"])
@pytest.mark.parametrize(
    "shrink",
    [
        lambda place: place.move(place.south),
        lambda place: place.move(place.shop),
        lambda place: place.close_shop(),
    ],
    ids=["another place", "a lower place", "fewer places below"],
)
def test_another_part_of_the_tree_is_less_of_it_unless_everything_is_reached(
    place, scope, kind, shrink
):
    job = place.file(kind)

    shrink(place)

    if scope == "all":
        assert place.fetch(job).status_code == 200
    else:
        assert refused(place, job)


@pytest.mark.parametrize(
    "widen",
    [
        lambda place: place.role("all"),
        lambda place: save_organisation(
            None, name="北区二店", parent_id=place.north.pk, actor=None
        ),
    ],
    ids=["a wider role", "more places below"],
)
def test_more_than_then_is_enough(place, scope, widen):
    job = place.file("user")

    widen(place)
    forget_everything()

    assert place.fetch(job).status_code == 200


def test_a_file_of_nobody_knows_what_reach_is_for_who_reaches_everything(place, scope):
    job = place.file("user")
    ExportJob.objects.filter(pk=job.pk).update(reach=None)

    assert (place.fetch(job).status_code == 200) is (scope == "all")


def test_what_shrinks_before_it_is_made_makes_a_smaller_file(place, scope):
    save_organisation(None, name="空", parent_id=None, actor=None)
    job = request_export(User.objects.get(pk=place.person.pk), "user")

    place.role("own")
    run_due()

    job.refresh_from_db()
    assert (job.status, job.done, job.reach["scope"]) == ("ready", 1, "own")
    assert place.fetch(job).status_code == 200


def test_ones_own_data_has_no_reach(place):
    job = place.file("own_data")

    assert job.reach is None
    assert place.fetch(job).status_code == 200
