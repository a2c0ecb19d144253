"""Two steps into the back office, as its people see them, in Chromium."""

from accounts.models import SecondFactor
from accounts.services.password_history import require_change
from tests.factories.accounts import PASSWORD
from tests.factories.second_factor import app_code, wrong_code
from tests.journeys.browser import IN_CHROMIUM, english

pytestmark = IN_CHROMIUM


def looks_right(office) -> bool:
    return [*english(office.texts()), *office.unfinished()] == []


def next_code(user, used: str) -> str:
    """A code of the secret that is not `used`: the one of the next step is good already."""
    secret = SecondFactor.objects.get(user=user).secret
    return next(code for code in (app_code(1, secret), app_code(0, secret)) if code != used)


def test_setting_up_logging_in_and_taking_away(office, staff):
    carol = staff("finance", username="carol", nickname="财务卡罗")
    office.open("/admin/")
    office.log_in("carol")
    office.click("#nav-sidebar-inner >> text=财务卡罗")
    assert "尚未开启" in office.click("a:has-text('两步验证')")
    assert looks_right(office)

    office.click("a:has-text('开启两步验证')")
    assert looks_right(office)
    office.fill("#id_password", PASSWORD)
    assert "手动输入此密钥" in office.click("button:has-text('继续')")
    assert looks_right(office)
    (key,) = office.all(".office-enrolment code")
    first = app_code(secret=key.replace(" ", ""))
    office.fill("#id_otp", first)
    assert "离开此页后不再显示" in office.click("button:has-text('完成')")
    assert looks_right(office)
    assert len(set(office.all(".office-codes code"))) == 10
    assert "恢复码剩余 10 个" in office.click("text=我已保存")

    office.click("#nav-sidebar-inner >> text=财务卡罗")
    office.click("text=注销")
    office.open("/admin/commerce/order/")
    assert "还差一步" in office.log_in("carol")
    assert looks_right(office)
    office.fill("#id_otp", wrong_code())
    assert "验证码错误或已使用" in office.click("button[type=submit]")
    office.fill("#id_otp", next_code(carol, first))
    office.click("button[type=submit]")
    assert office.path() == "/admin/commerce/order/"

    office.open("/admin/second-factor/remove/")
    assert looks_right(office)


def test_a_password_that_must_change_comes_first(office, staff):
    user = staff("finance", username="carol")
    require_change(user)
    office.open("/admin/commerce/order/")

    assert "请先修改密码" in office.log_in("carol")
    assert office.path() == "/admin/password_change/"
    assert looks_right(office)
    office.fill("#id_old_password", PASSWORD)
    office.fill("#id_new_password1", "Gao-Shan-Liu-Shui-0815")
    office.fill("#id_new_password2", "Gao-Shan-Liu-Shui-0815")
    office.click("#content-main button[type=submit]")

    assert office.path() == "/admin/password_change/done/"
    office.open("/admin/commerce/order/")
    assert office.path() == "/admin/commerce/order/"
