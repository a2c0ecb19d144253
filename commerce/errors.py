"""What commerce refuses.  Codes 14000-14999."""

from django.utils.translation import gettext_lazy as _

from config.errors import DomainError


class UnknownKind(DomainError):
    code, status, message = 14001, 422, _("不支持的商品类型")


class RepeatedItem(DomainError):
    code, status, message = 14002, 422, _("订单中有重复的商品")


class OrderNotPayable(DomainError):
    """data: the order's status."""

    code, status, message = 14003, 409, _("订单当前不可支付")


class UnknownMethod(DomainError):
    code, status, message = 14004, 422, _("不支持的支付方式")


class PayerUnknown(DomainError):
    code, status, message = 14005, 422, _("请先用微信登录，再使用微信支付")


class ProviderUnavailable(DomainError):
    """The provider did not answer or not clearly; the attempt stays open and may be tried again."""

    code, status, message = 14006, 503, _("支付渠道暂时无应答，请稍后重试")


class ProviderRefused(DomainError):
    """data: the provider's own code."""

    code, status, message = 14007, 422, _("支付渠道拒绝了该请求")


class NoticeRefused(DomainError):
    """A callback that is not authentic, not fresh, or not about us.

    kind: "forged", "stale", or "" for what needs no attention (the provider's own probes).
    """

    code, status, message = 14008, 400, _("通知校验失败")

    def __init__(self, kind: str = "", reason: str = ""):
        super().__init__()
        self.kind, self.reason = kind, reason


class RefundExceedsPayment(DomainError):
    code, status, message = 14009, 409, _("退款金额超过可退金额")


class NotRefundable(DomainError):
    code, status, message = 14010, 409, _("订单当前不可退款")


class CannotReviewOwn(DomainError):
    code, status, message = 14011, 403, _("不能审核自己申请的退款")


class SecondPersonNeeded(DomainError):
    code, status, message = 14060, 409, _("该退款须由另一位同事复核")


class RefundUnderWay(DomainError):
    """What was bought is called off; only the money is left to send."""

    code, status, message = 14061, 409, _("订单已取消，退款不能驳回")


class OwnCommission(DomainError):
    code, status, message = 14062, 403, _("不能设置自己商户的佣金比例")


class CommissionMissing(DomainError):
    code, status, message = 14063, 422, _("请填写 0 至 100 之间的佣金比例")


class OwnMoney(DomainError):
    code, status, message = 14064, 403, _("不能处理自己订单的线下收退款")


class ReferenceTaken(DomainError):
    code, status, message = 14065, 409, _("该凭证号已登记过")


class AlreadyRecorded(DomainError):
    code, status, message = 14066, 409, _("已有登记，请勿重复登记")


class NotByHand(DomainError):
    """data: the refund's status."""

    code, status, message = 14067, 409, _("该退款不是待线下退回的退款")


class OtherPersonNeeded(DomainError):
    code, status, message = 14068, 409, _("须由另一位同事复核")


class NotCancellable(DomainError):
    """A paid order is cancelled through what was bought (its own rules and fee)."""

    code, status, message = 14012, 409, _("该订单请通过对应的预约取消")


class PriceChanged(DomainError):
    """data: the price now."""

    code, status, message = 14013, 409, _("价格已变动，请确认后重新下单")


class FactsMismatch(DomainError):
    """What the provider says about a payment or refund is not what we know of it; nothing is done.

    data: the names of the facts that differ.
    """

    code, status, message = 14014, 422, _("支付信息与订单不一致")


class AmountTooLarge(DomainError):
    code, status, message = 14015, 422, _("订单金额超出上限")


class MerchantExists(DomainError):
    """data: the status of the one there is."""

    code, status, message = 14016, 409, _("您已提交过商户入驻，请勿重复提交")


class TooManyApplications(DomainError):
    """data: retry_after, seconds."""

    code, status, message = 14018, 429, _("提交过于频繁，请稍后再试")


class MixedMerchants(DomainError):
    code, status, message = 14020, 422, _("一个订单只能包含同一商户的商品")


class SoldAlone(DomainError):
    code, status, message = 14110, 422, _("预约和认领须单独下单，不能与其他商品合并")


class AddressNeeded(DomainError):
    code, status, message = 14021, 422, _("请选择收货地址")


class AddressUnknown(DomainError):
    code, status, message = 14022, 422, _("收货地址不存在")


class TooManyAddresses(DomainError):
    """data: most."""

    code, status, message = 14023, 409, _("收货地址已达上限")


class MixedFulfilment(DomainError):
    code, status, message = 14040, 422, _("快递商品与到店商品请分开下单")


class NotShippable(DomainError):
    """data: the order's status and fulfilment."""

    code, status, message = 14041, 409, _("订单当前不能发货")


class TrackingNumberTaken(DomainError):
    code, status, message = 14042, 409, _("该运单号已用于其他包裹")


class NotCorrectable(DomainError):
    """data: the order's status."""

    code, status, message = 14043, 409, _("订单当前不能修改运单号")


class NotConfirmable(DomainError):
    """data: the order's status."""

    code, status, message = 14044, 409, _("订单当前不能确认收货")


class RefundOpen(DomainError):
    code, status, message = 14045, 409, _("订单有处理中的退款，请先处理退款")


class CodeMalformed(DomainError):
    """Its check digit is wrong: a slip of the finger, no guess."""

    code, status, message = 14046, 422, _("核销码有误，请核对后重新输入")


class CodeUnknown(DomainError):
    code, status, message = 14047, 404, _("核销码不存在或不属于本商户")


class CodeUsed(DomainError):
    """data: used_at."""

    code, status, message = 14048, 409, _("核销码已使用")


class NotVerifiable(DomainError):
    """data: the order's status."""

    code, status, message = 14049, 409, _("订单当前不能核销")


class TooManyGuesses(DomainError):
    """data: retry_after, seconds."""

    code, status, message = 14050, 429, _("核销失败次数过多，请稍后再试")


class NotHideable(DomainError):
    """data: the order's status."""

    code, status, message = 14051, 409, _("订单尚未结束，不能删除")


class ProductUnavailable(DomainError):
    """data: product_id."""

    code, status, message = 14024, 409, _("商品已下架")


class OutOfStock(DomainError):
    """data: product_id."""

    code, status, message = 14025, 409, _("商品库存不足")


class TooManyPieces(DomainError):
    """data: product_id, most."""

    code, status, message = 14026, 422, _("超出每单限购数量")


class MerchantNotApproved(DomainError):
    code, status, message = 14027, 403, _("商户未通过审核，暂不能经营商品")


class ImageUnknown(DomainError):
    """data: ids."""

    code, status, message = 14028, 422, _("图片不存在，请重新上传")


class MemberExists(DomainError):
    code, status, message = 14030, 409, _("该用户已在某个商户任职")


class MemberUnknown(DomainError):
    code, status, message = 14031, 422, _("未找到该用户，请确认对方已注册")


class TooManyMembers(DomainError):
    """data: most."""

    code, status, message = 14032, 409, _("商户成员已达上限")


class NotReviewable(DomainError):
    """data: the order's status."""

    code, status, message = 14052, 409, _("订单完成后才能评价")


class OwnMerchant(DomainError):
    code, status, message = 14053, 403, _("不能评价自己的商户")


class AlreadyReviewed(DomainError):
    code, status, message = 14054, 409, _("该订单已评价")


class AlreadyReplied(DomainError):
    code, status, message = 14055, 409, _("该评价已回复")


class RoleNotYours(DomainError):
    code, status, message = 14100, 403, _("只有商户的所有者可以邀请店长")


class InvitationOpen(DomainError):
    code, status, message = 14101, 409, _("已邀请过该用户，请等待对方回应")


class InvitationExpired(DomainError):
    """data: until."""

    code, status, message = 14102, 409, _("该邀请已过期")


class MerchantClosed(DomainError):
    code, status, message = 14103, 409, _("该商户暂不能接纳成员")


class ImageUsed(DomainError):
    code, status, message = 14104, 409, _("图片已用于别处，请重新上传")
