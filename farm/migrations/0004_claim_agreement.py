"""The first version of what people agree to before they claim an animal."""

from datetime import UTC, datetime
from hashlib import sha256

from django.db import migrations

TITLE = "动物认领协议"
BODY = """欢迎使用伴心平台的动物认领服务。认领前请仔细阅读本协议；勾选同意并提交认领，即表示您（认领人）已理解并接受以下全部内容。

一、认领的含义
1. 认领是您在约定期限内以支付认领费用的方式，支持农场饲养您所选择的动物，并获得了解其生活状况的权利。
2. 认领不转移动物的所有权。动物的饲养、照料与安置由农场负责，费用已包含在认领价格之内。

二、生效与期限
1. 提交认领后，系统为您保留该动物；请在页面提示的时限内完成支付，逾期未支付的认领自动取消，动物恢复可认领。
2. 支付完成时认领生效，期限自生效之时起算，以本协议书载明的起止时间为准；到期后认领自动结束。

三、农场的责任
1. 依照动物福利的一般要求饲养、照料动物，及时防疫与治疗，并如实记录健康状况。
2. 定期发布动物的照片、健康或生活动态。
3. 动物离世、走失或因其他原因无法继续认领的，及时通过平台告知。

四、认领人的责任
1. 尊重动物与农场工作人员；到访农场应事先预约并遵守农场的规定。
2. 不得将认领权益用于转售、抵押或其他商业用途。

五、提前结束与退款
1. 认领人可以申请提前结束认领，由农场或平台处理。同意后，按申请之时剩余的完整天数占认领总天数的比例退还认领费用。
2. 动物离世或走失的，认领自登记之时结束，按剩余的完整天数比例退还认领费用。
3. 农场或平台原因提前结束的，按结束之时剩余的完整天数比例退还。退款按原支付渠道退回，到账时间以渠道为准。

六、个人信息
平台仅为提供认领服务、生成并保存本协议而处理您的昵称、脱敏的手机号、同意时间与 IP 地址。协议为双方权利义务的证明，在法定期限内保存。

七、争议解决
本协议适用中华人民共和国法律。因本协议产生的争议，双方应友好协商；协商不成的，任何一方均可向有管辖权的人民法院提起诉讼。
"""


def add(apps, schema_editor):
    agreement = apps.get_model("accounts", "Agreement")
    if agreement.objects.filter(kind="claim").exists():
        return
    agreement.objects.create(
        kind="claim",
        version=1,
        title=TITLE,
        body=BODY,
        sha256=sha256(BODY.encode()).hexdigest(),
        published_at=datetime(2026, 11, 1, tzinfo=UTC),
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0026_figures"), ("farm", "0003_templates")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
