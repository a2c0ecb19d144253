"""Orders and what happens to them, through the services."""

from datetime import timedelta
from decimal import Decimal

import factory
from django.conf import settings
from django.utils import timezone

from accounts.models import User, WeChatIdentity
from commerce.gateways.base import Trade, TradeState
from commerce.models import (
    Address,
    Fulfilment,
    Merchant,
    MerchantApplication,
    MerchantInvitation,
    MerchantMember,
    Order,
    Payment,
    Product,
)
from commerce.payables import Want
from commerce.services.orders import place_order
from commerce.services.payments import settle
from config.numbers import new_number
from content.models import DiseaseTag
from tests.commerce.payable import KIND
from tests.factories.accounts import UserFactory


class TagFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = DiseaseTag

    name = factory.Sequence(lambda n: f"标签{n}")
    sort_order = 12000  # fen


class MerchantFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Merchant

    user = factory.SubFactory(UserFactory)
    merchant_type = "farm_owner"
    business_name = factory.Sequence(lambda n: f"小满农场{n}")
    business_license = factory.Sequence(lambda n: f"91310000MA1FL{n:05}")
    contact_person = "林小满"
    contact_phone = "13911112222"
    address = "上海市崇明区"
    submitted_at = factory.LazyFunction(timezone.now)


class ApplicationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = MerchantApplication

    business_name = factory.Sequence(lambda n: f"田园花店{n}")
    contact_person = "周田田"
    contact_phone = "13922223333"
    email = "tiantian@example.com"
    network = "203.0.113.7"


class MemberFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = MerchantMember

    merchant = factory.SubFactory(MerchantFactory, status="approved")
    user = factory.SubFactory(UserFactory)


class InvitationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = MerchantInvitation

    merchant = factory.SubFactory(MerchantFactory, status="approved")
    user = factory.SubFactory(UserFactory)
    invited_by = factory.SelfAttribute("merchant.user")
    role = "clerk"
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=7))


class ProductFactory(factory.django.DjangoModelFactory):
    """On sale, ten pieces at 45.00 unless said otherwise."""

    class Meta:
        model = Product

    merchant = factory.SubFactory(MerchantFactory, status="approved")
    name = factory.Sequence(lambda n: f"向日葵花束{n}")
    price = Decimal("45.00")
    category = "鲜花"
    status = "on_sale"
    stock = 10
    total = factory.SelfAttribute("stock")


def order_goods(user: User, *lines: tuple[Product, int], address: Address | None = None) -> Order:
    """A pending order of (product, pieces)."""
    address = address or AddressFactory(user=user)
    wants = [Want("product", product.pk, pieces) for product, pieces in lines]
    return place_order(user=user, wants=wants, address_id=address.pk)


class AddressFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Address

    user = factory.SubFactory(UserFactory)
    receiver = "周小舟"
    phone = "13733334444"
    region = "浙江省 杭州市 西湖区"
    detail = "文三路 1 号"


def place(user: User, *tags: DiseaseTag) -> Order:
    """A pending order for tags, one of 120.00 when none is given."""
    wants = [Want(KIND, tag.pk) for tag in tags or [TagFactory()]]
    return place_order(user=user, wants=wants)


def AttemptFactory(order: Order, **fields) -> Payment:
    """An attempt to pay that order, as start_payment would write it."""
    return Payment.objects.create(
        **{
            "number": new_number("PAY"),
            "order": order,
            "method": "wechat",
            "amount": order.total_amount,
            "payer": "openid-of-payer",
            "expires_at": order.expires_at,
            "next_query_at": timezone.now() + timedelta(seconds=5),
        }
        | fields
    )


def money_for(payment: Payment, **facts) -> Trade:
    """The provider's word that this attempt was paid."""
    return Trade(
        **{
            "number": payment.number,
            "state": TradeState.PAID,
            "transaction_id": f"4200{payment.pk:012d}",
            "amount": payment.amount,
            "paid_at": timezone.now(),
            "payer": payment.payer,
        }
        | facts
    )


def pay(order: Order) -> Payment:
    """The order's money comes, without a provider."""
    payment = order.payments.first() or AttemptFactory(order)
    settle(payment.number, money_for(payment))
    payment.refresh_from_db()
    return payment


def payer(sandbox, user: User, persona: str = "") -> str:
    """Give `user` a WeChat identity that the sandbox knows; the openid."""
    openid = sandbox.persona(**({"id": persona} if persona else {}))["openids"][settings.WX_APPID]
    WeChatIdentity.objects.create(user=user, appid=settings.WX_APPID, openid=openid)
    return openid


def sold(fulfilment: str, **people) -> Order:
    """A paid order whose seller has to send it, or to hand it over on the spot."""
    order = wanted(fulfilment, **people)
    pay(order)
    order.refresh_from_db()
    return order


def wanted(fulfilment: str, *, user: User | None = None, merchant: Merchant | None = None) -> Order:
    """The same before it is paid."""
    order = place(user or UserFactory())
    order.fulfilment, order.remark = fulfilment, "请放门口"
    order.merchant = merchant or MerchantFactory(status="approved")
    if fulfilment == Fulfilment.SHIPPING:
        order.receiver, order.receiver_phone = "周小舟", "13733334444"
        order.region, order.address_detail = "浙江省 杭州市 西湖区", "文三路 1 号"
    order.save()
    return order


def yuan(text: str) -> Decimal:
    return Decimal(text)
