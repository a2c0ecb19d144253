"""The first words of accounts' notices and the first user agreement and privacy policy."""

from hashlib import sha256

from django.db import migrations
from django.utils import timezone

TEMPLATES = [
    {
        "code": "session_reused",
        "title": "登录安全提醒",
        "body": "您在“{device}”上的登录凭证被重复使用，可能已经泄露。为保护账号安全，我们已结束该设备的登录，"
        "请重新登录；如非本人操作，请尽快修改密码。",
        "channels": ["in_app"],
    },
    {
        "code": "password_changed",
        "title": "密码已修改",
        "body": "您的登录密码已于 {at} 修改，其他设备上的登录均已结束。如非本人操作，请立即联系客服。",
        "channels": ["in_app"],
    },
    {
        "code": "account_enabled",
        "title": "账号已恢复使用",
        "body": "您的账号已恢复正常使用，欢迎回来。",
        "channels": ["in_app"],
    },
    {
        "code": "role_changed",
        "title": "账号权限已变更",
        "body": "工作人员已{change}您的角色“{role}”，变更立即生效。",
        "channels": ["in_app"],
    },
]

USER_AGREEMENT = """欢迎使用伴心。本协议是您与伴心平台（以下简称“平台”）之间关于使用平台服务的约定。请您在使用前仔细阅读，尤其是涉及您重大权益以及责任限制的内容；点击同意即表示您已阅读、理解并接受本协议。

一、服务内容
1. 平台通过微信小程序、网站等方式，为您提供心理咨询预约、心理课程、互助社区、结伴出行、活动报名与动物认养等服务。各项服务的具体规则以相应页面展示及单独协议为准。
2. 心理咨询与课程不构成医疗诊断或治疗，不能替代医疗机构的服务。如您或身边的人有自伤、伤人的危险，请立即拨打 120、110 或当地心理援助热线。

二、账号
1. 您可以通过微信授权、手机号验证码或用户名密码注册账号，并应保证所提供的信息真实、有效。
2. 账号仅限本人使用，不得出借、转让。请妥善保管登录凭证；发现账号被他人使用时，请立即修改密码、退出其他设备并联系平台。
3. 未满十八周岁的用户，应在监护人同意和指导下使用本服务；未满十四周岁的，须由监护人同意后方可使用。

三、您的行为规范
您在使用服务时，不得发布违反法律法规、侵害他人权益、骚扰、欺诈、虚假宣传的内容，不得干扰平台的正常运行，不得绕过平台私下交易。平台有权对违规内容进行处理，并视情节限制或停用账号；您对处理结果有异议的，可以通过客服申诉。

四、订单与费用
1. 服务价格以下单时页面展示为准，款项由微信支付等持牌机构收取。
2. 取消与退款按照下单时展示并随订单保存的规则执行，退款原路退回。

五、知识产权
平台及内容提供者对其提供的内容享有相应权利。您发布的内容，其权利归您所有；您同意平台在提供服务所必需的范围内使用该内容。

六、责任
1. 因不可抗力、网络或第三方服务故障导致服务中断的，平台会尽力恢复，并在法律规定的范围内承担责任。
2. 咨询师、商家等服务提供者对其提供的服务负责，平台依法履行审核与协助处理纠纷的义务。

七、协议的变更与终止
1. 本协议更新后，平台会请您重新阅读并同意；您不同意的，可以停止使用并注销账号。
2. 您可以随时申请注销账号。注销后我们将删除您的个人信息或对其进行匿名化处理，法律法规另有规定的除外。

八、法律适用与争议解决
本协议适用中华人民共和国法律。因本协议产生的争议，双方应友好协商；协商不成的，任何一方均可向有管辖权的人民法院提起诉讼。
"""

PRIVACY_POLICY = """伴心平台（以下简称“我们”）重视您的个人信息与隐私。本政策说明我们收集哪些信息、如何使用与保护，以及您享有的权利。

一、我们收集的信息
1. 账号信息：您使用微信登录时，我们获取您在本小程序的用户标识（OpenID）以及符合条件时的 UnionID；您选择填写的昵称、头像、性别、生日；您主动验证的手机号、邮箱。
2. 服务信息：您的预约、订单、支付结果、课程学习记录、活动报名与认养记录。支付由微信支付等机构完成，我们不获取您的银行卡号与支付密码。
3. 咨询信息（敏感个人信息）：来访者姓名、出生日期、联系方式、紧急联系人、来访说明等。我们在取得您的单独同意后处理，加密保存，仅您与承接咨询的咨询师可见。
4. 安全信息：登录时间、IP 地址、设备名称与客户端类型，用于保护账号安全。

二、我们如何使用信息
我们仅为提供您所使用的服务、保障交易与账号安全、履行法定义务而使用上述信息，不用于自动化决策推销，不出售您的个人信息。

三、信息的共享
1. 与咨询师、商家等服务提供者共享完成服务所必需的信息。
2. 与微信（登录、支付、订阅消息）等受托方共享完成相应功能所必需的信息。
3. 依法律法规或司法、行政机关的要求提供。

四、信息的保存
1. 您的信息保存在中华人民共和国境内。
2. 我们在实现目的所必需的期限内保存信息：交易记录不少于三年，网络日志不少于六个月；期限届满后删除或匿名化。

五、您的权利
您可以查阅、复制、更正、删除您的个人信息，撤回同意，查看并结束各设备的登录，以及注销账号。撤回同意不影响此前已进行的处理。行使权利请在小程序“我的—设置”中操作或联系客服，我们将在十五个工作日内答复。

六、未成年人保护
未满十四周岁的未成年人使用服务前须取得监护人的单独同意。监护人可以随时联系我们查阅、更正或删除未成年人的信息。

七、信息安全
我们采用加密传输与存储、权限控制、操作留痕等措施保护您的信息。发生个人信息安全事件时，我们将依法及时告知您并向主管部门报告。

八、政策更新与联系我们
本政策更新后，我们会请您重新阅读并同意。您对本政策有任何疑问或投诉，可通过小程序内的客服与我们联系。
"""

AGREEMENTS = [
    ("user", "伴心用户协议", USER_AGREEMENT),
    ("privacy", "伴心隐私政策", PRIVACY_POLICY),
]


def forward(apps, schema_editor):
    template = apps.get_model("accounts", "NotificationTemplate")
    for row in TEMPLATES:
        rest = {name: value for name, value in row.items() if name != "code"}
        template.objects.get_or_create(code=row["code"], defaults=rest)
    agreement = apps.get_model("accounts", "Agreement")
    for kind, title, body in AGREEMENTS:
        agreement.objects.get_or_create(
            kind=kind,
            version=1,
            defaults={
                "title": title,
                "body": body,
                "sha256": sha256(body.encode()).hexdigest(),
                "published_at": timezone.now(),
            },
        )


def backward(apps, schema_editor):
    codes = [row["code"] for row in TEMPLATES]
    apps.get_model("accounts", "NotificationTemplate").objects.filter(code__in=codes).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_exact_names_live_consents")]

    operations = [migrations.RunPython(forward, backward)]
