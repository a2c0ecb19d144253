"""Tags by hand: /user-tags, PUT /user/{id}/tags, many people at once."""

import pytest

from accounts.models import OperationLog, User, UserTag, UserTagging
from config.api.schema_view import built
from tests.factories.accounts import UserFactory
from tests.helpers import Api, data, refusal


@pytest.fixture
def admin(staff):
    return Api(staff("admin", nickname="运营"))


@pytest.fixture
def vip(db):
    return UserTag.objects.create(name="重要客户", colour="red")


@pytest.fixture
def care(db):
    return UserTag.objects.create(name="重点关怀")


def tags_of(user) -> list[str]:
    return sorted(user.tags.values_list("name", flat=True))


def test_a_tag_is_made_changed_and_deleted(admin):
    made = data(admin.post("/user-tags", {"name": "新客", "colour": "green"}), 201)
    assert (made["name"], made["colour"], made["description"], made["users"]) == (
        "新客", "green", "", 0,
    )  # fmt: skip

    changed = data(admin.patch(f"/user-tags/{made['id']}", {"description": "首次来访"}))
    assert (changed["name"], changed["description"]) == ("新客", "首次来访")

    assert data(admin.delete(f"/user-tags/{made['id']}")) == {}
    assert refusal(admin.get(f"/user-tags/{made['id']}")) == (404, 10404)


def test_a_name_is_taken_once(admin, vip, care):
    assert refusal(admin.post("/user-tags", {"name": "重要客户"})) == (409, 11144)
    assert refusal(admin.patch(f"/user-tags/{care.pk}", {"name": "重要客户"})) == (409, 11144)
    assert UserTag.objects.count() == 2


def test_the_list_counts_people_in_one_statement(admin, vip, care, django_assert_num_queries):
    for _ in range(3):
        vip.taggings.create(user=UserFactory())
    admin.get("/user-tags")
    with django_assert_num_queries(2):  # count, page
        found = data(admin.get("/user-tags"))["list"]
    assert {tag["name"]: tag["users"] for tag in found} == {"重要客户": 3, "重点关怀": 0}
    ordered = data(admin.get("/user-tags", {"ordering": "-people"}))["list"]
    assert ordered[0]["name"] == "重要客户"


def test_tags_are_found_by_the_beginning_of_their_name_and_by_colour(admin, vip, care):
    def found(**wanted):
        return [tag["name"] for tag in data(admin.get("/user-tags", wanted))["list"]]

    assert found(search="重要") == ["重要客户"]
    assert found(search="客户") == []
    assert found(search="") == found() == ["重点关怀", "重要客户"]
    assert found(colour="red") == ["重要客户"]
    asked = built()["paths"]["/api/v1/user-tags"]["get"]["parameters"]
    assert {"search", "colour"} <= {parameter["name"] for parameter in asked}
    assert not any("__" in parameter["name"] for parameter in asked)


def test_a_tag_somebody_has_is_merged_not_deleted(admin, vip, care):
    both, one = UserFactory(), UserFactory()
    for user, tags in ((both, (vip, care)), (one, (vip,))):
        for tag in tags:
            tag.taggings.create(user=user)

    response = admin.delete(f"/user-tags/{vip.pk}")
    assert (refusal(response), response.json()["data"]) == ((409, 11145), {"users": 2})

    merged = data(admin.post(f"/user-tags/{vip.pk}/merge", {"into": care.pk}))
    assert (merged["id"], merged["users"]) == (care.pk, 2)
    assert tags_of(both) == tags_of(one) == ["重点关怀"]
    assert not UserTag.objects.filter(pk=vip.pk).exists()


def test_a_tag_is_not_merged_into_itself_or_nothing(admin, vip):
    for into in (vip.pk, 999_999):
        assert refusal(admin.post(f"/user-tags/{vip.pk}/merge", {"into": into})) == (422, 11146)
    assert UserTag.objects.count() == 1


def test_setting_tags_keeps_who_put_them_on(admin, staff, vip, care):
    colleague, bob = staff("admin"), UserFactory()
    vip.taggings.create(user=bob, tagged_by=colleague)

    body = data(admin.put(f"/user/{bob.pk}/tags", {"tags": [vip.pk, care.pk]}))

    assert [tag["name"] for tag in body["tags"]] == ["重点关怀", "重要客户"]
    by = dict(UserTagging.objects.filter(user=bob).values_list("tag__name", "tagged_by"))
    assert by == {"重要客户": colleague.pk, "重点关怀": admin.user.pk}
    data(admin.put(f"/user/{bob.pk}/tags", {"tags": []}))
    assert tags_of(bob) == []


def test_an_unknown_tag_changes_nothing(admin, vip):
    bob = UserFactory()
    vip.taggings.create(user=bob)

    assert refusal(admin.put(f"/user/{bob.pk}/tags", {"tags": [999_999]})) == (422, 11146)
    assert tags_of(bob) == ["重要客户"]


def test_many_people_at_once_all_or_nobody(admin, vip, care):
    people = UserFactory.create_batch(4)
    ids = [user.pk for user in people]
    care.taggings.create(user=people[0])
    body = {"users": ids, "add": [vip.pk], "remove": [care.pk]}

    assert data(admin.post("/user-tags/people", body)) == {"users": 4}
    assert data(admin.post("/user-tags/people", body)) == {"users": 4}  # harmless
    assert [tags_of(user) for user in people] == [["重要客户"]] * 4

    body = {"users": [*ids, 999_999], "remove": [vip.pk]}
    assert refusal(admin.post("/user-tags/people", body)) == (404, 10404)
    assert vip.taggings.count() == 4


def test_more_people_are_no_more_statements(admin, vip, django_assert_max_num_queries):
    people = [user.pk for user in UserFactory.create_batch(60)]
    data(admin.post("/user-tags/people", {"users": people[:1], "add": [vip.pk]}))
    with django_assert_max_num_queries(16):
        data(admin.post("/user-tags/people", {"users": people, "add": [vip.pk]}))
    assert vip.taggings.count() == 60


def test_nobody_tags_a_super_admin_but_another(admin, staff, vip):
    boss = staff("super_admin")

    assert refusal(admin.put(f"/user/{boss.pk}/tags", {"tags": [vip.pk]})) == (403, 11020)
    body = {"users": [UserFactory().pk, boss.pk], "add": [vip.pk]}
    assert refusal(admin.post("/user-tags/people", body)) == (403, 11020)
    assert not UserTagging.objects.exists()

    data(Api(staff("super_admin")).put(f"/user/{boss.pk}/tags", {"tags": [vip.pk]}))
    assert tags_of(boss) == ["重要客户"]


def test_who_is_gone_takes_no_tags(admin, vip):
    gone = UserFactory()
    User.objects.filter(pk=gone.pk).update(status="deleted")

    assert refusal(admin.put(f"/user/{gone.pk}/tags", {"tags": [vip.pk]})) == (404, 10404)


@pytest.mark.django_db(transaction=True)  # changes are noted when they commit
def test_the_operation_log_says_from_which_tags_to_which(staff):
    admin, bob = Api(staff("admin")), UserFactory()
    vip, care = (UserTag.objects.create(name=name) for name in ("重要客户", "重点关怀"))
    vip.taggings.create(user=bob)

    data(admin.put(f"/user/{bob.pk}/tags", {"tags": [care.pk]}))
    data(admin.post("/user-tags/people", {"users": [bob.pk], "add": [vip.pk]}))

    one, many = OperationLog.objects.order_by("pk")
    assert one.operation == "user:set_tags"
    assert one.changes == [
        {"object": f"accounts.user#{bob.pk}", "fields": {"tags": [["重要客户"], ["重点关怀"]]}}
    ]
    assert many.operation == "user_tag:people"
    assert many.changes == [
        {"object": f"accounts.usertag#{vip.pk}", "fields": {"users": [[], [bob.pk]]}}
    ]
