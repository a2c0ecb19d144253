import pytest
from django.test import Client

from accounts.errors import MenuMalformed
from accounts.models import Menu
from accounts.services.menus import MENUS, menu_tree, move_menu, save_menu, sync_menus

pytestmark = pytest.mark.django_db


def pages(nodes):
    return {node.title: [child.title for child in node.children] for node in nodes}


def test_the_seed_has_one_row_per_directory_and_page():
    assert Menu.objects.filter(kind="directory").count() == len(MENUS)
    assert Menu.objects.filter(kind="page").count() == sum(len(pages) for _, _, pages in MENUS)


def test_syncing_again_keeps_what_staff_changed():
    count = Menu.objects.count()
    Menu.objects.filter(title="订单").update(title="全部订单", visible=False, sort_order=99)

    sync_menus()

    assert Menu.objects.count() == count
    changed = Menu.objects.get(link="admin:commerce_order_changelist")
    assert (changed.title, changed.visible, changed.sort_order) == ("全部订单", False, 99)


def test_a_page_that_is_missing_comes_back_into_its_directory():
    Menu.objects.filter(title="退款").delete()

    sync_menus()

    assert Menu.objects.get(title="退款").parent.title == "订单与支付"


def test_finance_sees_money_and_nothing_else(staff):
    assert pages(menu_tree(staff("finance"))) == {
        "订单与支付": [
            "订单",
            "发货",
            "微信发货信息",
            "支付记录",
            "退款",
            "线下收退款",
            "资金异常",
            "账目",
            "渠道账单",
            "对账差异",
            "支付通知",
        ],
        "数据分析": ["用户分析", "订单分析", "预约分析", "认领分析"],
    }


def test_a_content_manager_sees_content_and_nothing_else(staff):
    assert pages(menu_tree(staff("content_manager"))) == {
        "心理咨询": ["咨询评价"], "商户": ["商户评价"], "内容": ["分类", "困扰标签"],
    }  # fmt: skip


def test_a_counselor_and_a_client_see_no_menu(staff, user):
    assert menu_tree(staff("counselor")) == []
    assert menu_tree(user) == []


def test_a_super_admin_sees_everything(staff):
    tree = menu_tree(staff("super_admin"))

    assert [node.title for node in tree] == [title for title, _, _ in MENUS]
    assert [len(node.children) for node in tree] == [len(pages) for _, _, pages in MENUS]


def test_a_hidden_directory_hides_its_pages(staff):
    Menu.objects.filter(title="订单与支付").update(visible=False)

    assert pages(menu_tree(staff("finance"))) == {
        "数据分析": ["用户分析", "订单分析", "预约分析", "认领分析"]
    }


def test_the_tree_is_one_statement(staff, django_assert_num_queries):
    admin = staff("super_admin")
    admin.has_perm("accounts.view_user")

    with django_assert_num_queries(1):
        menu_tree(admin)


def test_an_entry_changes_places_with_its_neighbour_and_the_first_stays_first():
    directory = Menu.objects.get(title="订单与支付")

    def names():
        return list(directory.children.order_by("sort_order", "pk").values_list("title", flat=True))

    before = names()
    second = directory.children.get(title=before[1])

    move_menu(second.pk, up=True)
    assert names() == [before[1], before[0], *before[2:]]
    move_menu(second.pk, up=True)
    assert names() == [before[1], before[0], *before[2:]]
    move_menu(second.pk, up=False)
    assert names() == before


def test_the_list_of_the_back_office_is_the_tree(staff):
    browser = Client()
    browser.force_login(staff("super_admin"))

    rows = list(browser.get("/admin/accounts/menu/").context["cl"].queryset)

    tree = [
        row
        for top in Menu.objects.filter(parent=None).order_by("sort_order", "pk")
        for row in (top, *top.children.order_by("sort_order", "pk"))
    ]
    assert rows == tree


def where(browser, path) -> list[str]:
    """The entries of the sidebar that are shown as where one is."""
    groups = browser.get(path).context["sidebar_navigation"]
    return [item["title"] for group in groups for item in group["items"] if item["active"]]


def test_the_sidebar_shows_one_place_the_nearest(staff):
    browser = Client()
    browser.force_login(staff("super_admin"))
    Menu.objects.create(title="外部", link="https://example.com/admin/accounts/user/")
    Menu.objects.create(title="半个名字", link="/admin/accounts/us")

    assert where(browser, "/admin/") == ["工作台"]
    assert where(browser, "/admin/accounts/user/") == ["用户"]
    assert where(browser, f"/admin/accounts/user/{browser.session['_auth_user_id']}/change/") == [
        "用户"
    ]
    assert where(browser, "/admin/accounts/user/analysis/") == ["用户分析"]
    assert where(browser, "/admin/accounts/usertag/") == ["用户标签"]
    assert where(browser, "/admin/second-factor/") == []


def test_a_form_refuses_a_fourth_level(staff):
    browser = Client()
    browser.force_login(staff("super_admin"))
    second = Menu.objects.create(title="二", parent=Menu.objects.get(title="内容", parent=None))
    third = Menu.objects.create(title="三", parent=second)
    form = {"parent": third.pk, "kind": "page", "title": "四", "link": "/x", "sort_order": "1"}

    answer = browser.post("/admin/accounts/menu/add/", form)

    assert "菜单最多三级" in answer.content.decode()
    assert not Menu.objects.filter(title="四").exists()


def test_an_entry_is_not_put_below_itself():
    top = Menu.objects.filter(parent=None).first()
    top.parent = top.children.first()

    with pytest.raises(MenuMalformed):
        save_menu(top)

    assert Menu.objects.get(pk=top.pk).parent_id is None
