"""Who somebody is, and that it is them: ways in, codes, devices.  Codes 11000-11999."""

from django.utils.translation import gettext_lazy as _

from config.errors import DomainError


class BadCredentials(DomainError):
    """Unknown account and wrong password are one refusal: nobody learns who is registered."""

    code, status, message = 11001, 401, _("账号或密码错误")


class AccountDisabled(DomainError):
    code, status, message = 11002, 403, _("账号已停用，请联系客服")


class SessionEnded(DomainError):
    """The refresh token is unknown, expired, revoked, or was used before."""

    code, status, message = 11003, 401, _("登录已失效，请重新登录")


class WeChatCodeInvalid(DomainError):
    code, status, message = 11004, 400, _("微信登录凭证无效或已过期，请重试")


class WeChatBlocked(DomainError):
    code, status, message = 11005, 403, _("微信判定该账号存在风险，暂时无法登录")


class WeChatTooFrequent(DomainError):
    code, status, message = 11006, 429, _("登录过于频繁，请稍后再试")


class WeChatUnavailable(DomainError):
    code, status, message = 11007, 503, _("微信服务暂时不可用，请稍后再试")


class KeyReused(DomainError):
    code, status, message = 11008, 422, _("幂等键已用于另一个请求")


class StillRunning(DomainError):
    code, status, message = 11009, 409, _("相同的请求正在处理，请稍后再试")


class KeyMalformed(DomainError):
    code, status, message = 11010, 400, _("幂等键须为 8 到 128 位的可见 ASCII 字符")


class ConsentRequired(DomainError):
    """data: the kind and version of the agreement that is in force."""

    code, status, message = 11011, 422, _("请先阅读并同意最新版协议")


class AgreementNotCurrent(DomainError):
    code, status, message = 11012, 409, _("协议版本已更新，请重新阅读")


class UsernameTaken(DomainError):
    code, status, message = 11013, 409, _("用户名已被使用")


class WeakPassword(DomainError):
    """data: {"password": [why, ...]}"""

    code, status, message = 11014, 400, _("密码强度不足")


class WrongPassword(DomainError):
    """data: {"old_password": [why]}"""

    code, status, message = 11018, 400, _("原密码错误")


class VerificationRequired(DomainError):
    """data: the field, phone or email."""

    code, status, message = 11019, 422, _("手机号和邮箱须通过验证码验证后才能修改")


class UsernameMalformed(DomainError):
    code, status, message = (
        11021,
        400,
        _("用户名须以字母开头，由 3 到 32 位字母、数字或 _ . - 组成"),
    )


class CodeInvalid(DomainError):
    """Wrong, used, expired, tried too often, or never sent: one refusal."""

    code, status, message = 11027, 400, _("验证码错误或已失效，请重新获取")


class TooManyCodes(DomainError):
    """data: retry_after, seconds."""

    code, status, message = 11028, 429, _("验证码发送过于频繁，请稍后再试")


class SmsBudgetSpent(DomainError):
    """data: retry_after, seconds."""

    code, status, message = 11029, 503, _("今日短信发送量已达上限，请使用其他方式登录")


class SmsUnavailable(DomainError):
    code, status, message = 11030, 503, _("短信服务暂时不可用，请使用其他方式登录")


class PhoneTaken(DomainError):
    """data: the next step, "login" or "merge"."""

    code, status, message = 11031, 409, _("该手机号已属于另一个账号，请用它登录，或合并两个账号")


class WeChatTaken(DomainError):
    """data: the next step, "merge"."""

    code, status, message = 11032, 409, _("该微信已属于另一个账号，请用它登录，或合并两个账号")


class WeChatAlreadyBound(DomainError):
    code, status, message = 11033, 409, _("账号已绑定另一个微信")


class PhoneUnsupported(DomainError):
    code, status, message = 11034, 422, _("仅支持中国大陆手机号")


class TooManyAttempts(DomainError):
    """Wrong passwords of late; data: {"retry_after": seconds}."""

    code, status, message = 11040, 429, _("密码错误次数过多，请稍后再试或使用其他方式登录")


class StepUpRequired(DomainError):
    """This login has not shown of late that it is its owner; data: the next step, "step_up"."""

    code, status, message = 11100, 403, _("此操作需要先验证身份，请完成验证后重试")


class ProofInvalid(DomainError):
    """A wrong password, another person's WeChat, or a code for somebody who has no number."""

    code, status, message = 11101, 400, _("身份验证失败，请重试或换一种验证方式")


class EmailUnavailable(DomainError):
    """No mail server, it takes nothing, or the day's budget is spent; then data: retry_after."""

    code, status, message = 11162, 503, _("邮件服务暂时不可用，请使用其他方式")


class EmailTaken(DomainError):
    code, status, message = 11163, 409, _("该邮箱已属于另一个账号")


class OtpRequired(DomainError):
    """Everything else was right: the same request again, with `otp`, logs in.  data: next."""

    code, status, message = 11120, 401, _("请输入两步验证的验证码")


class OtpInvalid(DomainError):
    """Wrong, expired or used before, app or recovery code: one refusal."""

    code, status, message = 11121, 401, _("两步验证的验证码错误或已使用")


class TooManyOtps(DomainError):
    """data: {"retry_after": seconds}."""

    code, status, message = 11122, 429, _("两步验证的验证码错误次数过多，请稍后再试")


class SecondFactorMissing(DomainError):
    """Staff must have one, and set it up in the back office."""

    code, status, message = 11123, 403, _("工作人员须先在后台开启两步验证")


class EnrolmentEnded(DomainError):
    """Nothing waits for its first code: never begun, or half an hour ago."""

    code, status, message = 11124, 409, _("设置已过期，请重新开始")


class PasswordChangeRequired(DomainError):
    """Logged in with a password that somebody else set.  data: next, the path that goes on."""

    code, status, message = 11125, 403, _("请先修改密码")


class NotStaff(DomainError):
    code, status, message = 11126, 403, _("没有进入后台的权限")


class SecondFactorOff(DomainError):
    code, status, message = 11127, 409, _("尚未开启两步验证")


class CaptchaRequired(DomainError):
    """The same request again, with the solved captcha's ticket in `captcha`."""

    code, status, message = 11220, 422, _("请先完成人机验证")


class CaptchaInvalid(DomainError):
    code, status, message = 11221, 422, _("人机验证未通过，请重试")


class CaptchaUnavailable(DomainError):
    code, status, message = 11222, 503, _("人机验证服务暂时不可用，请稍后再试")
