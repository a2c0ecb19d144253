"""Categories and disease tags in the back office."""

import pytest
from django.test import Client
from django.urls import reverse

from content.models import Category, DiseaseTag
from tests.factories.content import CategoryFactory, DiseaseTagFactory
from tests.factories.counseling import CounselorFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(staff):
    browser = Client()
    browser.force_login(staff("content_manager"))
    return browser


def page(model, name="changelist", *args):
    return reverse(f"admin:content_{model}_{name}", args=args)


def body(category, **changes):
    names = ("name", "slug", "icon", "sort_order")
    fields = {name: getattr(category, name) for name in names} | {"is_active": "on"}
    return fields | {"parent": category.parent_id or ""} | changes


def test_the_tree_is_shown_with_children_below_their_parents(editor, django_assert_max_num_queries):
    b = CategoryFactory(name="乙", sort_order=2)
    a = CategoryFactory(name="甲", sort_order=1)
    CategoryFactory(name="乙一", parent=b)
    deep = CategoryFactory(name="甲一", parent=a)
    CategoryFactory(name="甲一一", parent=deep)

    with django_assert_max_num_queries(12):
        shown = editor.get(page("category"))

    rows = list(shown.context["cl"].queryset)
    assert [(row.name, row.depth) for row in rows] == [
        ("甲", 0), ("甲一", 1), ("甲一一", 2), ("乙", 0), ("乙一", 1),
    ]  # fmt: skip
    assert editor.get(page("category", "change", deep.pk)).status_code == 200


def test_categories_are_added_moved_and_guarded(editor):
    root = CategoryFactory()
    added = editor.post(page("category", "add"), {
        "name": "情绪", "slug": "mood", "parent": root.pk, "sort_order": 1, "is_active": "on",
    })  # fmt: skip
    assert added.status_code == 302
    child = Category.objects.get(slug="mood")
    assert child.parent == root

    circle = editor.post(page("category", "change", root.pk), body(root, parent=child.pk))
    assert "上级分类不能是自己或自己的下级" in circle.content.decode()
    editor.post(page("category", "change", child.pk), body(child, parent="", name="心情"))

    child.refresh_from_db()
    root.refresh_from_db()
    assert (child.parent, child.name, root.parent) == (None, "心情", None)


def test_what_is_in_use_is_not_deleted(editor):
    root = CategoryFactory()
    child = CategoryFactory(parent=root)
    used, unused = DiseaseTagFactory(), DiseaseTagFactory()
    CounselorFactory().specialties.add(used)

    def delete(model, row):
        url = page(model, "delete", row.pk)
        return editor.post(url, {"post": "yes"}, follow=True).content.decode()

    delete("category", root)
    refused = delete("diseasetag", used)
    delete("diseasetag", unused)

    assert "仍在使用中" in refused
    assert set(Category.objects.all()) == {root, child}
    assert list(DiseaseTag.objects.all()) == [used]
    delete("category", child)
    assert list(Category.objects.all()) == [root]
    listed = editor.get(page("diseasetag")).context["action_form"].fields["action"].choices
    assert [name for name, _ in listed if name] == ["merge"]


def test_tags_are_merged(editor):
    old, new = DiseaseTagFactory(name="旧"), DiseaseTagFactory(name="新")
    counselor = CounselorFactory()
    counselor.specialties.add(old)
    chosen = {"action": "merge", "_selected_action": [old.pk]}

    without = editor.post(page("diseasetag"), chosen, follow=True).content.decode()
    shown = editor.post(page("diseasetag"), chosen | {"into": new.pk}, follow=True).content.decode()

    assert "请选择要合并到的标签" in without
    assert "已处理 1 条" in shown
    assert list(counselor.specialties.all()) == [new]
