"""/menu for staff: the whole tree, and its entries made, changed and deleted."""

import pytest

from accounts.models import Menu, OperationLog
from accounts.services.menus import MENUS
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(staff):
    return Api(staff("super_admin"))


def entries() -> list[tuple]:
    return list(Menu.objects.order_by("pk").values_list())


def titled(title: str) -> Menu:
    return Menu.objects.get(title=title, parent=None)


def test_the_list_is_the_whole_tree_with_hidden_entries(root, django_assert_num_queries):
    Menu.objects.filter(title="退款").update(visible=False)
    root.get("/menu")
    with django_assert_num_queries(3):  # count, first level, everything
        page = data(root.get("/menu", {"size": 100}))

    assert page["pagination"] == {"page": 1, "size": 100, "total": len(MENUS)}
    assert [(top["title"], [child["title"] for child in top["children"]]) for top in page["list"]] \
        == [(title, [name for name, _, _ in pages]) for title, _, pages in MENUS]  # fmt: skip
    (hidden,) = (row for row in page["list"][1]["children"] if row["title"] == "退款")
    row = Menu.objects.get(title="退款")
    assert hidden == {
        "id": row.pk, "parent_id": row.parent_id, "kind": "page", "title": "退款",
        "icon": row.icon, "link": "admin:commerce_refund_changelist",
        "permission": "commerce.view_refund", "sort_order": row.sort_order, "visible": False,
        "children": [],
    }  # fmt: skip


def test_an_entry_is_made_read_changed_and_deleted(root):
    top = titled("内容")
    wish = {
        "parent_id": top.pk, "kind": "page", "title": "帮助", "icon": "help",
        "link": "https://example.com/help", "permission": "content.view_category",
        "sort_order": 90, "visible": True,
    }  # fmt: skip
    made = data(root.post("/menu", wish), 201)
    assert made == wish | {"id": Menu.objects.get(title="帮助").pk, "children": []}
    where = f"/menu/{made['id']}"
    assert data(root.get(where)) == made
    assert data(root.get(f"/menu/{top.pk}"))["children"][-1] == made
    assert "帮助" in str(data(root.get("/menu/mine")))

    assert data(root.patch(where, {"visible": False})) == made | {"visible": False}
    assert "帮助" not in str(data(root.get("/menu/mine")))
    assert data(root.patch(where, {"parent_id": None})) == made | {
        "visible": False, "parent_id": None,
    }  # fmt: skip

    assert data(root.delete(where)) == {}
    assert refusal(root.get(where)) == (404, 10404)


def test_a_title_is_enough_and_put_needs_it(root):
    made = data(root.post("/menu", {"title": "新"}), 201)
    assert made == {
        "id": made["id"], "parent_id": None, "kind": "page", "title": "新", "icon": "", "link": "",
        "permission": "", "sort_order": 0, "visible": True, "children": [],
    }  # fmt: skip
    assert refusal(root.put(f"/menu/{made['id']}", {"icon": "x"})) == (400, 10400)
    assert data(root.put(f"/menu/{made['id']}", {"title": "旧"})) == made | {"title": "旧"}


@pytest.mark.django_db(transaction=True)  # changes are noted when they commit
def test_the_log_says_what_changed(root):
    top = titled("内容")
    data(root.patch(f"/menu/{top.pk}", {"title": "文章", "icon": top.icon}))

    row = OperationLog.objects.get()
    assert (row.operation, row.target_type, row.target_id) == ("menu:update", "menu", str(top.pk))
    assert row.changes == [
        {"object": f"accounts.menu#{top.pk}", "fields": {"title": ["内容", "文章"]}}
    ]


def test_an_entry_with_others_below_it_is_not_deleted(root):
    top, before = titled("内容"), entries()

    assert refusal(root.delete(f"/menu/{top.pk}")) == (409, 11210)
    assert entries() == before

    for child in top.children.all():
        data(root.delete(f"/menu/{child.pk}"))
    assert data(root.delete(f"/menu/{top.pk}")) == {}


def test_no_entry_comes_below_itself(root):
    top, before = titled("内容"), entries()
    child = top.children.first()

    assert refusal(root.patch(f"/menu/{top.pk}", {"parent_id": top.pk})) == (422, 11025)
    assert refusal(root.patch(f"/menu/{top.pk}", {"parent_id": child.pk})) == (422, 11025)
    assert entries() == before


def test_there_are_three_levels_and_no_fourth(root):
    top = titled("内容")
    second = data(root.post("/menu", {"title": "二", "parent_id": top.pk}), 201)["id"]
    third = data(root.post("/menu", {"title": "三", "parent_id": second}), 201)["id"]
    other = titled("商户")
    before = entries()

    for refused in (
        root.post("/menu", {"title": "四", "parent_id": third}),
        root.patch(f"/menu/{other.pk}", {"parent_id": second}),  # it brings a level of its own
        root.patch(f"/menu/{top.pk}", {"parent_id": other.pk}),  # and this one two
    ):
        assert refusal(refused) == (422, 11182)
        assert refused.json()["data"] == {"levels": 3}
    assert entries() == before

    moved = data(root.patch(f"/menu/{second}", {"parent_id": other.pk}))
    assert [child["id"] for child in moved["children"]] == [third]
    assert data(root.patch(f"/menu/{third}", {"title": "还是三"}))["parent_id"] == second


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"parent_id": 999_999}, (422, 11025)),
        ({"parent_id": 2**63 - 1}, (422, 11025)),
        ({"permission": "world.rule"}, (422, 11025)),
        ({"permission": "view_user"}, (422, 11025)),
        ({"link": "javascript:alert(1)"}, (422, 11025)),
        ({"link": "//example.com"}, (422, 11025)),
        ({"link": "http://127.0.0.1/"}, (422, 11025)),
        ({"link": "http://grafana/"}, (422, 11025)),
        ({"parent_id": 2**63}, (400, 10400)),
        ({"parent_id": "x"}, (400, 10400)),
        ({"kind": "window"}, (400, 10400)),
        ({"title": ""}, (400, 10400)),
        ({"sort_order": -1}, (400, 10400)),
    ],
    ids=str,
)
def test_what_is_no_entry_is_neither_made_nor_changed(root, fields, answer):
    before = entries()

    assert refusal(root.post("/menu", {"title": "新"} | fields)) == answer
    assert refusal(root.patch(f"/menu/{titled('内容').pk}", fields)) == answer
    assert entries() == before


def test_one_that_does_not_exist_is_404(root):
    for method in ("get", "put", "patch", "delete"):
        assert refusal(getattr(root, method)("/menu/999999", {"title": "x"})) == (404, 10404)


@pytest.mark.parametrize("role", ["admin", "content_manager", "counselor"])
def test_R4_who_may_not_edit_the_menu_sees_their_part_alone(staff, role):
    api, before = Api(staff(role)), entries()
    top = titled("内容")

    for response in (
        api.get("/menu"),
        api.get(f"/menu/{top.pk}"),
        api.post("/menu", {"title": "x", "link": "/admin/"}),
        api.put(f"/menu/{top.pk}", {"title": "x", "permission": ""}),
        api.patch(f"/menu/{top.pk}", {"permission": ""}),
        api.delete(f"/menu/{top.children.first().pk}"),
    ):
        assert refusal(response) == (403, 10403)
    assert entries() == before
    assert api.get("/menu/mine").status_code == 200
