"""What staff may write into a notice's template: field types of WeChat are checked."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import NotificationTemplate


@pytest.fixture
def template(db):
    return NotificationTemplate.objects.create(
        code="formed", title="已预约", body="您已预约", channels=["in_app"]
    )


def save(staff, template, fields: str, **more):
    browser = Client()
    browser.force_login(staff("super_admin"))
    body = {
        "title": "已预约", "body": "您已预约", "channels": ["in_app", "subscribe"], "scene": "",
        "wechat_template_id": "T1", "wechat_page": "", "wechat_fields": fields,
    } | more  # fmt: skip
    page = reverse("admin:accounts_notificationtemplate_change", args=[template.pk])
    answer = browser.post(page, body)
    template.refresh_from_db()
    return answer


def test_good_fields_are_saved(staff, template):
    fields = (
        '{"thing1": "心理咨询", "time2": "{at}", "amount3": "¥{amount}元", "phrase4": "已确认"}'
    )

    assert save(staff, template, fields).status_code == 302
    assert template.wechat_fields["time2"] == "{at}"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ('{"wrong1": "x"}', "wrong1 不是微信模板字段"),
        ('{"thing": "x"}', "thing 不是微信模板字段"),
        ('{"thing1": ""}', "thing1 的内容不能为空"),
        ('{"thing1": 7}', "thing1 的内容不能为空"),
        ('{"time2": "下午三点"}', "不符合该类型的格式"),
        ('{"amount3": "三百元"}', "不符合该类型的格式"),
        ('{"number5": "12a"}', "不符合该类型的格式"),
        ('{"thing1": "%s"}' % ("长" * 21), "超出该类型的长度或字符"),
        ('{"phrase4": "已经确认好了"}', "超出该类型的长度或字符"),
        ('["thing1"]', "形式的对象"),
        ("{}", "选择微信订阅消息时必填"),
    ],
)
def test_fields_that_wechat_would_refuse_are_not_saved(staff, template, fields, why):
    answer = save(staff, template, fields)

    assert (answer.status_code, template.wechat_fields) == (200, {})
    assert why in answer.content.decode()


def test_a_subscribe_message_needs_its_id(staff, template):
    answer = save(staff, template, '{"thing1": "预约"}', wechat_template_id="")
    assert "选择微信订阅消息时必填" in answer.content.decode()
    assert template.channels == ["in_app"]
