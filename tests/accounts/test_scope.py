"""Whose rows a role reaches: everybody's, those of an organisation and below, one's own."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organisation, Role, User
from accounts.rbac import PERMISSIONS
from accounts.services.organisations import move_to_organisation, save_organisation
from accounts.services.role_editing import save_role
from accounts.services.roles import assign_role
from commerce.models import Order, Refund, RefundReason
from commerce.services.refunds import request_refund
from counseling.models import Appointment, Counselor, TimeSlot
from tests.factories.accounts import UserFactory
from tests.factories.counseling import (
    CounselorFactory,
    ServiceFactory,
    SlotFactory,
    confirmed,
)
from tests.helpers import Api, data, forget_everything, refusal

pytestmark = pytest.mark.django_db
EVERYTHING = [name for name in PERMISSIONS if name != "practice:own"]
PLACES = ("north", "north_child", "south", "nowhere")


class World:
    """A counselor, a booking and a refund in each place; north_child lies below north."""

    def __init__(self):
        north = save_organisation(None, name="北区", parent_id=None, actor=None)
        below = save_organisation(None, name="北区一店", parent_id=north.pk, actor=None)
        south = save_organisation(None, name="南区", parent_id=None, actor=None)
        self.places = {
            "north": north.pk, "north_child": below.pk, "south": south.pk, "nowhere": None,
        }  # fmt: skip
        self.workers, self.appointments, self.refunds = {}, {}, {}
        for place, organisation in self.places.items():
            self._work(place, organisation)

    def _work(self, place, organisation):
        worker = UserFactory(username=f"{place}_worker", organisation_id=organisation)
        counselor = CounselorFactory(user=worker, name=place)
        slot, service = SlotFactory(counselor=counselor), ServiceFactory(counselor=counselor)
        appointment = confirmed(slot=slot, service=service)
        self.workers[place], self.appointments[place] = worker, appointment
        order = appointment.order_item.order
        self.refunds[place] = request_refund(
            order.pk, user=appointment.user, reason_code=RefundReason.OTHER
        )

    def actor(self, scope, place="north", permissions=EVERYTHING, code="scoped") -> User:
        """The worker of that place, with a role of that scope."""
        save_role(
            code, name=code, permissions=permissions, data_scope=scope, actor=None, parent=None
        )
        assign_role(self.workers[place].pk, code, actor=None)
        return User.objects.get(pk=self.workers[place].pk)

    def rows(self, model, places) -> set:
        """What exists of the model in these places."""
        found = {
            Counselor: lambda place: self.appointments[place].counselor_id,
            TimeSlot: lambda place: self.appointments[place].slot_id,
            Appointment: lambda place: self.appointments[place].pk,
            Order: lambda place: self.appointments[place].order_item.order_id,
            Refund: lambda place: self.refunds[place].pk,
        }[model]
        return {found(place) for place in places}


@pytest.fixture
def world():
    return World()


MODELS = (Counselor, TimeSlot, Appointment, Order, Refund)
SEEN = {
    ("all", "north"): PLACES,
    ("organisation", "north"): ("north", "north_child"),
    ("organisation", "north_child"): ("north_child",),
    ("organisation", "nowhere"): ("nowhere",),
    ("own", "north"): ("north",),
}


def browser(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(model, name="changelist", *args) -> str:
    options = model._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_{name}", args=args)


def listed(client, model, query="") -> set:
    return {row.pk for row in client.get(page(model) + query).context["cl"].queryset}


@pytest.mark.parametrize(("scope", "place"), SEEN)
def test_a_list_of_the_back_office_is_exactly_what_the_role_reaches(world, scope, place):
    client = browser(world.actor(scope, place))

    for model in MODELS:
        assert listed(client, model) == world.rows(model, SEEN[scope, place]), model
        assert client.get(page(model)).context["cl"].result_count == len(SEEN[scope, place])


@pytest.mark.parametrize(("scope", "place"), SEEN)
def test_the_api_shows_exactly_the_same(world, scope, place):
    api = Api(world.actor(scope, place))

    shown = data(api.get("/appointment", {"size": 100}))

    wanted = world.rows(Appointment, SEEN[scope, place])
    assert {row["id"] for row in shown["list"]} == wanted
    assert shown["pagination"]["total"] == len(wanted)
    for pk in world.rows(Appointment, PLACES):
        assert api.get(f"/appointment/{pk}").status_code == (200 if pk in wanted else 404)


def test_people_are_reached_by_where_they_work_and_clients_by_those_who_reach_all(world):
    client_of_north = world.appointments["north"].user

    for scope, place in SEEN:
        api = Api(world.actor(scope, place))
        shown = {row["id"] for row in data(api.get("/user", {"size": 100}))["list"]}
        workers = {world.workers[name].pk for name in SEEN[scope, place]}
        if scope == "all":
            assert shown == set(User.objects.values_list("pk", flat=True))
        else:
            assert shown == workers
            assert api.get(f"/user/{client_of_north.pk}").status_code == 404


def test_filters_search_and_order_stay_inside(world):
    actor = world.actor("organisation")
    client, inside = browser(actor), world.rows(Appointment, ("north", "north_child"))
    number = world.appointments["south"].number
    counselor = world.appointments["south"].counselor_id

    assert listed(client, Appointment, "?status__exact=confirmed") == inside
    assert listed(client, Appointment, f"?q={number}") == set()
    assert listed(client, Appointment, f"?counselor__id__exact={counselor}") == set()
    assert listed(client, Appointment, "?o=-1") == inside
    people = data(Api(actor).get("/user", {"search": "south", "ordering": "-id"}))
    assert people["pagination"]["total"] == 0


def test_autocomplete_offers_nobody_else(world):
    query = {"app_label": "counseling", "model_name": "timeslot", "field_name": "counselor"}
    found = browser(world.actor("organisation")).get("/admin/autocomplete/", query).json()

    assert {row["text"] for row in found["results"]} == {"north", "north_child"}


def test_a_row_beyond_reach_does_not_exist(world):
    client = browser(world.actor("organisation"))
    for model in MODELS:
        (foreign,) = world.rows(model, ["south"])
        for name in ("change", "history", "delete"):
            response = client.get(page(model, name, foreign))
            assert response.status_code in {302, 403}, (model, name)
            assert world.appointments["south"].number not in response.content.decode()


@pytest.mark.parametrize(
    ("model", "action", "status"),
    [
        (Appointment, "cancel_selected", "confirmed"),
        (Counselor, "suspend_selected", "published"),
        (Refund, "approve", "requested"),
    ],
)
def test_an_action_on_a_foreign_row_is_refused_and_said(world, model, action, status):
    client = browser(world.actor("organisation"))
    (mine,), (foreign,) = world.rows(model, ["north_child"]), world.rows(model, ["south"])

    response = client.post(
        page(model), {"action": action, "_selected_action": [foreign]}, follow=True
    )
    assert "不在您的数据范围内" in response.content.decode()
    assert model.objects.get(pk=foreign).status == status

    client.post(page(model), {"action": action, "_selected_action": [mine, foreign]})
    assert model.objects.get(pk=foreign).status == status
    assert model.objects.get(pk=mine).status != status


def test_select_across_takes_no_foreign_row_along(world):
    client = browser(world.actor("organisation"))
    (foreign,) = world.rows(Counselor, ["south"])
    body = {"action": "suspend_selected", "index": "0", "select_across": "1"}

    client.post(page(Counselor), body | {"_selected_action": [foreign]})

    suspended = Counselor.objects.filter(status="suspended").values_list("name", flat=True)
    assert set(suspended) == {"north", "north_child"}


def test_a_form_points_at_nothing_beyond_reach(world):
    client = browser(world.actor("organisation"))
    day = (timezone.localdate() + timedelta(days=1000)).isoformat()
    body = {"start_at_0": day, "start_at_1": "09:00", "end_at_0": day, "end_at_1": "10:00"}
    (mine,), (foreign,) = world.rows(Counselor, ["north"]), world.rows(Counselor, ["south"])

    refused = client.post(page(TimeSlot, "add"), body | {"counselor": foreign})
    assert refused.status_code == 200
    assert "counselor" in refused.context["adminform"].form.errors
    assert client.post(page(TimeSlot, "add"), body | {"counselor": mine}).status_code == 302

    made = TimeSlot.objects.filter(start_at__gte=f"{day}T09:00:00+08:00")
    assert list(made.values_list("counselor_id", flat=True)) == [mine]


def test_an_api_write_beyond_reach_is_a_404_and_writes_nothing(world):
    api = Api(world.actor("organisation"))
    foreign = world.appointments["south"]

    assert refusal(api.post(f"/appointment/{foreign.pk}/cancel"))[0] == 404
    assert refusal(api.get(f"/appointment/{foreign.pk}/cancel-preview"))[0] == 404
    for action in ("disable", "enable", "unlock"):
        path = f"/user/{world.workers['south'].pk}/{action}"
        assert refusal(api.post(path))[0] == 404

    foreign.refresh_from_db()
    assert foreign.status == "confirmed"
    assert User.objects.get(pk=world.workers["south"].pk).status == "active"
    data(api.post(f"/user/{world.workers['north_child'].pk}/disable"))


def test_an_export_holds_what_the_role_reaches(world):
    from accounts.models import OperationLog

    for place, worker in world.workers.items():
        OperationLog.objects.create(
            admin=worker, admin_name=place, module="x", operation=f"op:{place}",
            request_method="POST", request_url="/", status="success",
        )  # fmt: skip
    client = browser(world.actor("organisation"))
    everything = list(OperationLog.objects.values_list("pk", flat=True))

    body = {"action": "export_csv", "_selected_action": everything}
    text = client.post(page(OperationLog), body).content.decode()

    assert "op:north_child" in text
    assert "op:south" not in text
    assert "op:nowhere" not in text


def test_of_several_roles_the_widest_counts_for_what_each_grants(world):
    actor = world.actor("own", permissions=["appointment:manage", "counselor:review"])
    world.actor("organisation", permissions=["appointment:manage"], code="wider")
    client = browser(User.objects.get(pk=actor.pk))

    assert listed(client, Appointment) == world.rows(Appointment, ("north", "north_child"))
    # view_counselor comes with appointment:manage too; change_counselor with the narrow one only
    assert listed(client, Counselor) == world.rows(Counselor, ("north", "north_child"))
    (below,) = world.rows(Counselor, ["north_child"])
    body = {"action": "suspend_selected", "_selected_action": [below]}
    assert "不在您的数据范围内" in client.post(page(Counselor), body, follow=True).content.decode()
    assert client.post(page(Counselor, "change", below), {"name": "x"}).status_code == 403
    assert not Counselor.objects.filter(status="suspended").exists()


def test_what_a_role_inherits_reaches_as_far_as_the_role_itself(world):
    save_role("child", name="child", permissions=[], parent="admin", data_scope="organisation",
              actor=None)  # fmt: skip
    assign_role(world.workers["north"].pk, "child", actor=None)
    client = browser(world.workers["north"])

    assert listed(client, Appointment) == world.rows(Appointment, ("north", "north_child"))


def test_R3_a_change_of_scope_place_or_tree_is_seen_at_once(world):
    actor = world.actor("organisation")
    api = Api(actor)

    def seen():
        forget_everything()  # what is kept for half a second
        return {row["id"] for row in data(api.get("/appointment"))["list"]}

    move_to_organisation(actor.pk, organisation_id=world.places["south"], actor=None)
    assert seen() == world.rows(Appointment, ("north", "south"))  # their own, and the south
    south = Organisation.objects.get(name="南区")
    save_organisation(world.places["north_child"], name="北区一店", parent_id=south.pk, actor=None)
    assert seen() == world.rows(Appointment, ("north", "south", "north_child"))
    world.actor("own")
    assert seen() == world.rows(Appointment, ["north"])


def test_the_scope_costs_the_tree_of_organisations_and_nobody_else_pays_it(world):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def trees(scope):
        client = browser(world.actor(scope))
        forget_everything()
        with CaptureQueriesContext(connection) as queries:
            client.get(page(Appointment))
        return sum("accounts_organisation" in query["sql"] for query in queries)

    assert (trees("organisation"), trees("own"), trees("all")) == (1, 0, 0)


def test_every_page_of_the_back_office_says_how_far_it_reaches():
    """A model that is not listed is for those alone who reach everything: closed by default."""
    registered = {model._meta.label_lower for model in admin.site._registry}
    assert registered - set(settings.DATA_SCOPE) == set()


def test_every_path_leads_to_a_person():
    for label, paths in settings.DATA_SCOPE.items():
        if paths == "common" or label == "constance.config":
            continue
        for path in paths:
            model = Role._meta.apps.get_model(label)
            for name in path.split("__") if path else ():
                model = model._meta.get_field(name).related_model
            assert model is User, (label, path)


def test_a_file_of_people_holds_those_its_requester_reaches(world):
    from tests.accounts.test_exports import fetched, ready, rows

    api = Api(world.actor("organisation"))

    job = ready(api, filters={}, columns=["id"])

    written = {int(row[0]) for row in rows(fetched(job["download_url"]))[1:]}
    assert written == {world.workers["north"].pk, world.workers["north_child"].pk}
