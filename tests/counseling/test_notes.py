"""What a counselor writes about a session is theirs alone (P2); each reading is logged (A1)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.fields import Sealed
from accounts.models import Notification, OperationLog, StatusChange
from accounts.services.export_running import run_due
from accounts.services.holdings import erase_holdings
from accounts.services.roles import assign_role, remove_role
from config.errors import IllegalTransition, NotFound
from config.sealing import Unreadable
from counseling.models import Appointment, NoteAccess, SessionNote
from tests.accounts.test_own_data import archive, everything, rows
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.counseling import CounselorFactory, completed
from tests.helpers import Api, confirm, data, forget_everything, refusal
from tests.stores import use_folder

WORDS, WHY = "她第一次说起了父亲", "接到投诉，需要核查"
pytestmark = pytest.mark.django_db


def practising(user):
    assign_role(user.pk, "counselor", actor=None)
    user.refresh_from_db()
    return user


@pytest.fixture
def appointment():
    row = completed(start_at=timezone.now() - timedelta(hours=2))
    practising(row.counselor.user)
    return row


@pytest.fixture
def counselor(appointment):
    return Api(appointment.counselor.user)


@pytest.fixture
def note(counselor, appointment) -> SessionNote:
    body = {"appointment_id": appointment.pk, "note": WORDS}
    return SessionNote.objects.get(pk=data(counselor.post("/session-note", body), 201)["id"])


@pytest.fixture
def asker(staff):
    return Api(staff("super_admin"))


@pytest.fixture
def second(staff):
    return Api(staff("super_admin"))


def asked(asker, appointment) -> str:
    """The path of a request to read the notes."""
    body = {"appointment_id": appointment.pk, "reason": WHY}
    return f"/note-access/{data(asker.post('/note-access', body), 201)['id']}"


def opened(asker, second, appointment) -> str:
    path = asked(asker, appointment)
    data(second.post(f"{path}/approve"))
    return path


def logged(operation) -> list[tuple]:
    rows = OperationLog.objects.filter(operation=operation).order_by("pk")
    assert WORDS not in str(list(rows.values()))
    return list(rows.values_list("admin_id", "target_id", "status"))


# -- writing


def test_the_author_writes_reads_changes_and_locks(counselor, appointment, note):
    path, pk = f"/session-note/{note.pk}", counselor.user.pk
    assert timedelta(days=6, hours=23) < note.locks_at - timezone.now() <= timedelta(days=7)

    answer = counselor.get(path)
    assert (data(answer)["note"], answer["Cache-Control"]) == (WORDS, "no-store")
    assert "note" not in data(counselor.put(path, {"note": f"{WORDS}。"}))
    assert data(counselor.get(path))["note"] == f"{WORDS}。"
    data(counselor.post(f"{path}/lock"))

    assert refusal(counselor.put(path, {"note": "x"})) == (409, 12186)
    assert refusal(counselor.post(f"{path}/lock")) == (409, 12186)
    assert counselor.delete(path).status_code == 405
    more = data(
        counselor.post("/session-note", {"appointment_id": appointment.pk, "note": "补"}), 201
    )
    assert more["appointment_id"] == appointment.pk
    assert logged("session_note:retrieve") == [(pk, str(note.pk), "success")] * 2
    assert logged("session_note:update") == [
        (pk, str(note.pk), "success"), (pk, str(note.pk), "failed"),
    ]  # fmt: skip


def test_locked_by_itself_after_a_week(counselor, note):
    SessionNote.objects.update(locks_at=timezone.now())
    assert refusal(counselor.put(f"/session-note/{note.pk}", {"note": "x"})) == (409, 12186)
    assert data(counselor.get(f"/session-note/{note.pk}"))["note"] == WORDS


def test_only_about_a_session_of_ones_own_that_began(counselor, appointment, staff):
    body = {"appointment_id": appointment.pk, "note": WORDS}
    rival = Api(practising(CounselorFactory().user))
    for client in (rival, Api(staff("super_admin"))):
        assert refusal(client.post("/session-note", body)) == (404, NotFound.code)
    for client in (Api(appointment.user), Api(staff("admin"))):
        assert client.post("/session-note", body).status_code == 403
    for status in ("pending_payment", "cancelled", "expired"):
        Appointment.objects.update(status=status)
        assert refusal(counselor.post("/session-note", body)) == (409, 12185)
    ahead = timezone.now() + timedelta(minutes=1)
    Appointment.objects.update(status="confirmed", start_at=ahead)
    assert refusal(counselor.post("/session-note", body)) == (409, 12012)
    assert counselor.post("/session-note", body | {"note": " "}).status_code == 400
    assert not SessionNote.objects.exists()


def test_P3_sealed_for_its_row(note, appointment, counselor):
    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM counseling_sessionnote")
        (stored,) = cursor.fetchone()
    assert WORDS not in stored
    body = {"appointment_id": appointment.pk, "note": "另一条"}
    other = data(counselor.post("/session-note", body), 201)["id"]
    SessionNote.objects.filter(pk=other).update(note=Sealed(stored))
    assert isinstance(SessionNote.objects.get(pk=other).note, Unreadable)


# -- P2: nobody else, by no way


def test_P2_nobody_elses_and_each_try_stands_in_the_log(note, appointment, staff):
    path = f"/session-note/{note.pk}"
    inside = [
        Api(practising(CounselorFactory().user)), Api(staff("super_admin")),
        Api(practising(UserFactory())),
    ]  # fmt: skip
    outside = [Api(staff(role)) for role in ("admin", "content_manager", "customer_service")]
    outside += [Api(appointment.user), Api(UserFactory())]

    for clients, status in ((inside, 404), (outside, 403)):
        for client in clients:
            tries = [client.get(path), client.put(path, {"note": "x"}), client.post(f"{path}/lock")]
            assert [answer.status_code for answer in tries] == [status] * 3
            assert not any(WORDS in answer.content.decode() for answer in tries)
            unknown = client.get(f"/session-note/{10**9}")
            assert unknown.status_code == status  # as if there were none
    assert Api().get(path).status_code == 401

    people = [client.user.pk for client in inside + outside]
    assert logged("session_note:retrieve") == [
        (pk, target, "failed") for pk in people for target in (str(note.pk), str(10**9))
    ]
    assert len(logged("session_note:update")) == len(logged("session_note:lock")) == len(people)
    note.refresh_from_db()
    assert (note.note, note.locks_at > timezone.now()) == (WORDS, True)


def api_ways(appointment, note) -> list[str]:
    """Where words, or that there are any, could come out by the API."""
    pk, user, number = appointment.pk, appointment.user_id, appointment.number
    return [
        "/session-note", f"/session-note?appointment={pk}", f"/session-note?author={user}",
        f"/session-note?note={WORDS}", f"/session-note?search={WORDS}",
        "/session-note?ordering=note",
        "/appointment", f"/appointment/{pk}", f"/appointment?note={WORDS}",
        f"/appointment?search={WORDS}", "/appointment?ordering=session_notes",
        "/appointment?session_notes__isnull=0", f"/appointment?user={user}",
        f"/counselor/{appointment.counselor_id}", f"/counselor?search={WORDS}",
        f"/time-slots?counselor={appointment.counselor_id}", "/client-profile", "/review",
        "/note-access", f"/note-access?appointment={pk}", f"/note-access?note={WORDS}",
        "/note-access/mine", f"/user/{user}", f"/user?search={WORDS}", "/user", "/users/profile",
        f"/order?order_number={number}", "/notifications", "/exports", "/stat/user",
        "/stat/user?period=day", "/stat/order", "/menu/mine", "/role",
    ]  # fmt: skip


def office_ways(appointment, note) -> list[str]:
    """The same in the back office: lists, forms, histories, lookups, search, autocomplete."""
    pk, user, counselor = appointment.pk, appointment.user_id, appointment.counselor_id
    of = "app_label=counseling&model_name=noteaccess&field_name=appointment"
    return [
        "", "counseling/", "counseling/sessionnote/", f"counseling/sessionnote/{note.pk}/change/",
        "counseling/appointment/", f"counseling/appointment/{pk}/change/",
        f"counseling/appointment/{pk}/history/", f"counseling/appointment/?q={WORDS}",
        "counseling/appointment/?session_notes__isnull=0", "counseling/appointment/?sessionnote=1",
        f"counseling/appointment/?sessionnote__note__contains={WORDS[:3]}",
        "counseling/appointment/?o=99", f"counseling/counselor/{counselor}/change/",
        f"counseling/clientprofile/{appointment.client_id}/change/",
        f"accounts/user/{user}/change/", f"accounts/user/?q={WORDS}",
        "accounts/user/?sessionnote=1",
        "accounts/operationlog/", f"accounts/operationlog/?q={WORDS}", "accounts/statuschange/",
        "accounts/notification/", "accounts/exportjob/", "accounts/user/analysis/",
        "counseling/noteaccess/", f"counseling/noteaccess/?q={WORDS}",
        "counseling/noteaccess/add/", f"autocomplete/?{of}&term={WORDS}", f"search/?s={WORDS}",
    ]  # fmt: skip


def test_P2_no_indirect_way_shows_words_or_that_there_are_any(
    note, appointment, counselor, asker, staff, office
):
    """62 ways as five people: not a word; and what does not name notes answers the same without."""
    data(counselor.get(f"/session-note/{note.pk}"))
    people = [asker, Api(staff("admin")), Api(appointment.user), Api(UserFactory()), Api()]
    browsers = [office("super_admin"), office("admin")]
    ways = [(client, way) for client in people for way in api_ways(appointment, note)]
    pages = [(browser, way) for browser in browsers for way in office_ways(appointment, note)]
    assert len(api_ways(appointment, note)) + len(office_ways(appointment, note)) == 62

    answers = [client.get(way) for client, way in ways]
    shown = [browser.get(f"/admin/{way}") for browser, way in pages]

    leaks = [
        way for (_, way), answer in zip(ways + pages, answers + shown, strict=True)
        if WORDS in answer.content.decode().replace(f"={WORDS}", "").replace(f'"{WORDS}"', "")
    ]  # fmt: skip
    assert leaks == []
    assert not [way for (_, way), answer in zip(ways, answers, strict=True)
                if answer.status_code >= 500]  # fmt: skip
    for browser, way in pages:
        if "sessionnote" in way or "session_notes" in way:
            assert browser.get(f"/admin/{way}").status_code in {302, 400, 404}, way
    SessionNote.objects.all().delete()
    plain = {"/appointment", f"/appointment/{appointment.pk}", f"/user/{appointment.user_id}"}
    for (client, way), before in zip(ways, answers, strict=True):
        if way in plain and before.status_code == 200:
            assert data(client.get(way)) == data(before), way


def test_P8_the_clients_own_export_says_that_there_is_one_and_no_word(
    note, appointment, settings, tmp_path
):
    use_folder(settings, tmp_path)
    archives = []
    for user in (appointment.user, appointment.counselor.user):
        api = Api(user)
        job = data(api.post("/user/data-export"), 202)
        run_due()
        archives.append(archive(api, job))

    assert not any(WORDS in everything(zipped) for zipped in archives)
    ((only),), of_the_author = (rows(zipped, "counseling.sessionnote") for zipped in archives)
    assert set(only) == {"id", "created_at", "updated_at", "appointment_id", "locks_at"}
    assert of_the_author == []


def test_P8_it_goes_with_its_client(note, appointment):
    erase_holdings(appointment.counselor.user)
    assert SessionNote.objects.get().note == WORDS
    erase_holdings(appointment.user)
    assert not SessionNote.objects.exists()


# -- breaking the glass


def test_P2_asked_approved_by_another_read_and_seen_by_both_sides(
    note, appointment, counselor, asker, second
):
    path = asked(asker, appointment)
    assert refusal(asker.get(f"{path}/notes")) == (403, 12189)

    answer = data(second.post(f"{path}/approve"))

    assert (answer["status"], answer["reason"], answer["reads"]) == ("approved", WHY, 0)
    for _ in range(2):
        ((row),) = data(asker.get(f"{path}/notes"))
        assert (row["note"], row["author"]) == (WORDS, appointment.counselor.user.display_name)
    access = NoteAccess.objects.get()
    assert access.reads == 2
    assert access.ends_at - access.decided_at == timedelta(hours=24)
    pk, target = asker.user.pk, str(access.pk)
    assert logged("note_access:notes") == [
        (pk, target, "failed"), (pk, target, "success"), (pk, target, "success"),
    ]  # fmt: skip
    assert logged("note_access:create") == [(pk, "", "success")]
    assert logged("note_access:approve") == [(second.user.pk, target, "success")]
    for side in (Api(appointment.user), counselor):
        ((seen),) = data(side.get("/note-access/mine"))["list"]
        assert (seen["reason"], seen["reads"], seen["status"]) == (WHY, 2, "approved")
        assert "requested_by" not in seen
        told = Notification.objects.get(user=side.user, template="session_note_opened")
        assert WHY in told.body
    assert data(Api(UserFactory()).get("/note-access/mine"))["list"] == []
    assert StatusChange.objects.filter(model="counseling.noteaccess").count() == 1


def test_P2_nobody_approves_for_themselves_nor_who_took_part(note, appointment, asker, staff):
    path = asked(asker, appointment)
    assign_role(appointment.counselor.user_id, "super_admin", actor=None)
    assign_role(appointment.user_id, "super_admin", actor=None)
    appointment.counselor.user.refresh_from_db()
    appointment.user.refresh_from_db()
    author, client = Api(appointment.counselor.user), Api(appointment.user)

    for api in (asker, author, client):
        assert refusal(api.post(f"{path}/approve")) == (403, 12187)
        assert refusal(api.post(f"{path}/reject")) == (403, 12187)
    body = {"appointment_id": appointment.pk, "reason": WHY}
    for api in (author, client):
        assert refusal(api.post("/note-access", body)) == (403, 12188)
    unconfirmed = Api(staff("super_admin"), stepped_up=False)
    assert refusal(unconfirmed.post(f"{path}/approve")) == (403, 11100)
    for role in ("admin", "customer_service", "content_manager"):
        api = Api(staff(role))
        tries = [
            api.get("/note-access"), api.post("/note-access", body), api.post(f"{path}/approve"),
            api.get(f"{path}/notes"), api.post(f"{path}/close"),
        ]  # fmt: skip
        assert [answer.status_code for answer in tries] == [403] * 5
    assert NoteAccess.objects.get().status == "pending"
    assert len(logged("note_access:approve")) == 7  # one row per try


@pytest.mark.parametrize("body", [
    {}, {"reason": WHY}, {"appointment_id": 1}, {"appointment_id": 1, "reason": " "},
    {"appointment_id": 1, "reason": "x"}, {"appointment_id": "x", "reason": WHY},
])  # fmt: skip
def test_asking_takes_a_session_and_a_reason(asker, appointment, body):
    if "appointment_id" in body and body["appointment_id"] == 1:
        body = body | {"appointment_id": appointment.pk}
    assert asker.post("/note-access", body).status_code == 400
    unknown = asker.post("/note-access", {"appointment_id": 10**9, "reason": WHY})
    assert refusal(unknown) == (404, NotFound.code)
    assert not NoteAccess.objects.exists()


def test_P2_it_ends_by_itself_by_hand_and_is_one_persons(note, appointment, asker, second):
    path = opened(asker, second, appointment)
    assert refusal(second.get(f"{path}/notes")) == (404, NotFound.code)
    assert refusal(second.post(f"{path}/approve")) == (409, IllegalTransition.code)

    NoteAccess.objects.update(ends_at=timezone.now())
    assert refusal(asker.get(f"{path}/notes")) == (403, 12189)
    NoteAccess.objects.update(ends_at=timezone.now() + timedelta(hours=1))
    data(asker.get(f"{path}/notes"))
    data(asker.post(f"{path}/close"))
    assert refusal(asker.get(f"{path}/notes")) == (403, 12189)
    rejected = asked(asker, appointment)
    data(second.post(f"{rejected}/reject", {"reason": "理由不充分"}))
    assert refusal(asker.get(f"{rejected}/notes")) == (403, 12189)

    assert [
        row["status"] for row in data(Api(appointment.user).get("/note-access/mine"))["list"]
    ] == ["closed"]
    assert NoteAccess.objects.get(pk=path.rsplit("/", 1)[1]).reads == 1


def test_the_right_taken_away_closes_it_at_once(note, appointment, asker, second):
    path = opened(asker, second, appointment)
    data(asker.get(f"{path}/notes"))
    remove_role(asker.user.pk, "super_admin", actor=None)
    forget_everything()  # what the commit does
    assert asker.get(f"{path}/notes").status_code == 403


# -- the back office


def test_asked_approved_and_read_in_the_back_office(note, appointment, office):
    asker, second = office("super_admin"), office("super_admin")
    page = "/admin/counseling/noteaccess/"

    asker.post(f"{page}add/", {"number": appointment.number, "reason": WHY})
    access = NoteAccess.objects.get()
    assert (access.requested_by, access.appointment, access.status) == (
        asker.user, appointment, "pending",
    )  # fmt: skip
    wrong = asker.post(f"{page}add/", {"number": "APT0", "reason": WHY})
    assert "没有这个预约" in wrong.content.decode()
    read, chosen = f"{page}{access.pk}/read/", {"_selected_action": [access.pk]}
    asker.post(page, {"action": "approve"} | chosen)
    assert NoteAccess.objects.get().status == "pending"
    assert "查阅未获批准" in asker.post(read).content.decode()
    second.post(page, {"action": "approve"} | chosen)

    assert WORDS not in asker.get(read).content.decode()
    shown = asker.post(read)
    assert WORDS in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert WORDS not in second.post(read).content.decode()
    assert [status for _, _, status in logged("noteaccess:read")] == ["failed", "success", "failed"]
    confirm(asker, asker.user, at=timezone.now() - timedelta(hours=1))
    again = asker.post(read).content.decode()
    assert "请再次输入登录密码" in again
    assert WORDS not in again
    assert PASSWORD not in again
