"""What farm refuses.  Codes 18000-18999."""

from django.utils.translation import gettext_lazy as _

from config.errors import DomainError


class AnimalUnavailable(DomainError):
    """data: the animal's status."""

    code, status, message = 18001, 409, _("该动物已被认领或暂不可认领")


class OwnAnimal(DomainError):
    code, status, message = 18002, 422, _("不能认领自己的动物")


class NotAFarm(DomainError):
    """Animals are those of approved merchants of type farm_owner."""

    code, status, message = 18003, 403, _("仅已通过审核的农场主可以管理动物")


class AnimalInUse(DomainError):
    """data: how many claims it has or had."""

    code, status, message = 18004, 409, _("该动物已有认领记录，不能删除")


class AnimalClaimed(DomainError):
    """Offering it or not is no question while somebody claims it."""

    code, status, message = 18005, 409, _("该动物正在被认领，不能更改")


class AnimalGone(DomainError):
    """It died or got lost."""

    code, status, message = 18006, 409, _("该动物已离世或走失")


class EndNotAsked(DomainError):
    code, status, message = 18007, 409, _("认领人没有申请提前结束")


class AgreementLinkInvalid(DomainError):
    """Forged, too old, somebody else's, or of an agreement one may not see any more."""

    code, status, message = 18008, 403, _("协议链接无效或已过期，请重新获取")


class GlyphMissing(DomainError):
    """data: the characters that the agreement's font lacks; nothing is printed without them."""

    code, status, message = 18009, 422, _("协议中有字体不支持的字符，无法生成")


class TooManyClaims(DomainError):
    """data: at_most."""

    code, status, message = 18011, 409, _("未支付的认领过多，请先支付或取消")


class NotRenewable(DomainError):
    """Over, about to be ended, or of an animal or farm that is gone.  data: the claim's status."""

    code, status, message = 18012, 409, _("该认领不能续期")


class RenewalTooEarly(DomainError):
    """data: opens_at."""

    code, status, message = 18013, 409, _("还未到可以续期的时间")


class RenewalWaiting(DomainError):
    code, status, message = 18014, 409, _("该认领已有待支付的续期")


class NotOneAnimal(DomainError):
    code, status, message = 18010, 422, _("每次只能认领一只动物")
