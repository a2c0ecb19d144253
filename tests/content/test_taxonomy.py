"""/category and /disease-tags: public reading, writing by staff of content."""

import pytest

from content import errors
from content.models import Category, DiseaseTag
from content.services.categories import delete_category, save_category
from content.services.tags import delete_tag, merge_tags, save_tag
from tests.factories.accounts import StaffFactory, UserFactory
from tests.factories.content import CategoryFactory, DiseaseTagFactory
from tests.factories.counseling import CounselorFactory
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor():
    return Api(StaffFactory("content_manager"))


def names(nodes):
    return [(node["name"], names(node["children"])) for node in nodes]


def test_the_tree_is_public_and_in_order(anonymous, django_assert_num_queries):
    mind = CategoryFactory(name="心理", sort_order=2)
    trips = CategoryFactory(name="出行", sort_order=1)
    CategoryFactory(name="情绪", parent=mind)
    hidden = CategoryFactory(name="隐藏", parent=trips, is_active=False)
    CategoryFactory(name="随之隐藏", parent=hidden)

    with django_assert_num_queries(1):
        tree = data(anonymous.get("/category", {"tree": "1"}))["list"]

    assert names(tree) == [("出行", []), ("心理", [("情绪", [])])]
    page = data(anonymous.get("/category", {"parent": mind.pk}))
    assert [row["name"] for row in page["list"]] == ["情绪"]
    assert anonymous.get(f"/category/{hidden.pk}").status_code == 404
    assert data(anonymous.get(f"/category/{mind.pk}"))["name"] == "心理"


def test_staff_of_content_write_categories(editor):
    made = data(editor.post("/category", {"name": "情绪", "slug": "mood"}), 201)
    child = data(
        editor.post("/category", {"name": "焦虑", "slug": "fear", "parent_id": made["id"]}), 201
    )

    changed = data(editor.patch(f"/category/{child['id']}", {"name": "恐惧", "is_active": False}))

    assert (changed["name"], changed["slug"], changed["parent_id"]) == ("恐惧", "fear", made["id"])
    assert data(editor.get(f"/category/{child['id']}"))["is_active"] is False
    assert refusal(editor.delete(f"/category/{made['id']}")) == (409, 15002)
    assert data(editor.delete(f"/category/{child['id']}")) == {}
    assert data(editor.delete(f"/category/{made['id']}")) == {}
    assert not Category.objects.exists()


@pytest.mark.parametrize("path", ["/category", "/disease-tags"])
def test_nobody_else_writes(path, api, anonymous):
    made = CategoryFactory() if path == "/category" else DiseaseTagFactory()
    counselor = Api(CounselorFactory().user)
    before = list(type(made).objects.values())

    for client, status in ((anonymous, 401), (api, 403), (counselor, 403)):
        assert client.post(path, {"name": "x", "slug": "x"}).status_code == status
        assert client.put(f"{path}/{made.pk}", {"name": "x", "slug": "x"}).status_code == status
        assert client.patch(f"{path}/{made.pk}", {"name": "x"}).status_code == status
        assert client.delete(f"{path}/{made.pk}").status_code == status
    assert anonymous.post(f"/disease-tags/{made.pk}/merge", {"into": 1}).status_code == 401
    assert list(type(made).objects.values()) == before


def test_a_category_never_hangs_below_itself():
    a = CategoryFactory()
    b = CategoryFactory(parent=a)
    c = CategoryFactory(parent=b)

    for below in (a, b, c):
        with pytest.raises(errors.CategoryCycle):
            save_category(a.pk, parent_id=below.pk)
    with pytest.raises(errors.CategoryUnknown):
        save_category(a.pk, parent_id=10**9)
    a.refresh_from_db()
    assert a.parent is None


def test_the_tree_is_at_most_four_deep():
    levels = [CategoryFactory()]
    for _ in range(3):
        levels.append(CategoryFactory(parent=levels[-1]))
    pair = CategoryFactory()
    CategoryFactory(parent=pair)

    with pytest.raises(errors.CategoryTooDeep):
        save_category(name="x", slug="x", parent_id=levels[3].pk)
    with pytest.raises(errors.CategoryTooDeep):
        save_category(pair.pk, parent_id=levels[2].pk)
    assert save_category(pair.pk, parent_id=levels[1].pk).parent_id == levels[1].pk


def test_slugs_are_unique(editor):
    CategoryFactory(slug="mood")
    other = CategoryFactory(slug="other")

    assert refusal(editor.post("/category", {"name": "x", "slug": "mood"})) == (409, 15006)
    assert refusal(editor.patch(f"/category/{other.pk}", {"slug": "mood"})) == (409, 15006)
    assert refusal(editor.post("/category", {"name": "x", "slug": "有"})) == (400, 10400)
    assert Category.objects.count() == 2


def test_a_tag_is_deleted_only_while_nobody_uses_it(editor):
    tag = DiseaseTagFactory()
    CounselorFactory().specialties.add(tag)

    response = editor.delete(f"/disease-tags/{tag.pk}")

    assert refusal(response) == (409, 15001)
    assert response.json()["data"] == {"uses": {"counseling.counselor_specialties": 1}}
    tag.counselors.clear()
    delete_tag(tag.pk)
    assert not DiseaseTag.objects.exists()
    delete_category(CategoryFactory().pk)


def test_merging_lets_the_other_tag_stand_everywhere(editor):
    old, new = DiseaseTagFactory(name="焦虑情绪"), DiseaseTagFactory(name="焦虑")
    both, one = CounselorFactory(), CounselorFactory()
    both.specialties.set([old, new])
    one.specialties.set([old])

    merged = data(editor.post(f"/disease-tags/{old.pk}/merge", {"into": new.pk}))

    assert merged["name"] == "焦虑"
    assert [list(c.specialties.all()) for c in (both, one)] == [[new], [new]]
    assert list(DiseaseTag.objects.all()) == [new]
    with pytest.raises(errors.CannotMergeIntoItself):
        merge_tags(new.pk, into_id=new.pk)
    with pytest.raises(errors.TagUnknown):
        merge_tags(new.pk, into_id=10**9)


def test_tag_names_are_unique(editor):
    tag = DiseaseTagFactory(name="焦虑")

    made = data(editor.post("/disease-tags", {"name": "抑郁", "description": "情绪低落"}), 201)
    assert refusal(editor.post("/disease-tags", {"name": "焦虑"})) == (409, 15007)
    assert refusal(editor.patch(f"/disease-tags/{made['id']}", {"name": "焦虑"})) == (409, 15007)
    assert save_tag(tag.pk, name="焦虑").pk == tag.pk
    assert DiseaseTag.objects.count() == 2


def test_hidden_tags_are_for_staff_alone(anonymous, editor):
    hidden = DiseaseTagFactory(is_active=False)

    assert anonymous.get(f"/disease-tags/{hidden.pk}").status_code == 404
    assert data(editor.get(f"/disease-tags/{hidden.pk}"))["is_active"] is False
    assert data(Api(UserFactory()).get("/disease-tags"))["list"] == []
