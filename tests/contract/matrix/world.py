"""One small world with everything in it, seen by everybody there is."""

from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.models import (
    AgreementKind,
    ExportJob,
    LoginSession,
    Menu,
    Notification,
    Role,
    User,
    UserTag,
)
from accounts.rbac import SCOPES
from accounts.services.api_keys import create_key
from accounts.services.consents import give_consent, publish_agreement
from accounts.services.role_editing import save_role
from accounts.services.roles import assign_role
from accounts.services.sessions import revoke_all
from commerce.models import (
    Merchant,
    MerchantReview,
    Order,
    OrderItem,
    OrderStatus,
    Payment,
    PaymentStatus,
    Refund,
    Shipment,
)
from commerce.services.codes import issue_code
from content.models import Category, DiseaseTag
from counseling.models import (
    Appointment,
    ClientProfile,
    Counselor,
    Service,
    SlotStatus,
    TimeSlot,
    WeeklyTemplate,
)
from farm.models import Animal, AnimalClaim
from farm.services.availability import settle
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.commerce import AddressFactory, MemberFactory, MerchantFactory, ProductFactory
from tests.helpers import Api

STAFF = ("content_manager", "finance", "customer_service", "admin", "super_admin")
ACTORS = (
    "anonymous", "stranger", "owner", "counselor", "other_counselor", *STAFF, "unconfirmed",
    "api_key", "disabled", "revoked",
)  # fmt: skip
# The same person by another login: super_admin, who has not shown of late that it is them.
SAME_PERSON = {"unconfirmed": "super_admin"}


class World:
    """Rows of "owner", whose counselor is "counselor"; attributes end in _id for addresses.

    secrets: texts that nobody but those concerned may find in any answer.
    """

    def __init__(self):
        self.users: dict[str, User] = {}
        self.clients: dict[str, Api] = {"anonymous": Api()}
        self._people()
        self._content()
        self._files()
        self._practice()
        self._owners_things()
        self._merchants()
        self._shop_orders()
        self._animals()
        self.secrets = {
            "the owner's phone": self.owner.phone,
            "the client's name": "林小满",
            "the order's number": self.order.number,
            "the appointment's number": self.appointment.number,
            "the refund's number": self.refund.number,
            "the claim's number": self.claim.number,
            "the file's name": "我的照片.jpg",
            "the note": "最近总是睡不着",
        }

    def __getattr__(self, name):
        """world.owner is users["owner"], world.order_id is order.pk."""
        users = self.__dict__.get("users", {})
        if name in users:
            return users[name]
        if name.endswith("_id"):
            return getattr(self, name.removesuffix("_id")).pk
        raise AttributeError(name)

    def _person(self, name: str, **fields) -> User:
        user = UserFactory(username=f"matrix_{name}", nickname=name, password=PASSWORD, **fields)
        self.users[name] = user
        return user

    def _people(self):
        for name in ("owner", "stranger", "disabled", "revoked"):
            phone = f"1390000{len(self.users):04}"
            self._person(name, phone=phone)
        for name in ("counselor", "other_counselor"):
            assign_role(self._person(name).pk, "counselor", actor=None)
        for role in STAFF:
            assign_role(self._person(role).pk, role, actor=None)
        for name, user in self.users.items():
            user.refresh_from_db()
            self.clients[name] = Api(user)
        self.api_key_row, text = create_key(
            self.super_admin.pk, name="第三方", scopes=list(SCOPES), days=30, actor=None
        )
        self.clients["api_key"] = Api()
        self.clients["api_key"].headers["X-API-Key"] = text
        for name, person in SAME_PERSON.items():
            self.clients[name] = Api(self.users[person], stepped_up=False)
        User.objects.filter(pk=self.disabled.pk).update(status="disabled")
        revoke_all(self.revoked.pk, reason="test")
        self.session = LoginSession.objects.get(user=self.owner)
        self.role = Role.objects.get(code="content_manager")
        self.own_role = save_role("watch", name="值班", permissions=[], actor=None)
        self.menu = Menu.objects.exclude(parent=None).first()
        self.role_code, self.agreement_kind = "content_manager", "booking"
        self.notification = Notification.objects.create(
            user=self.owner,
            template="order_paid",
            channel="in_app",
            context={},
            title="付款成功",
            due_at=timezone.now(),
            status="sent",
        )

        self.user_tag = UserTag.objects.create(name="重点关怀")
        self.other_user_tag = UserTag.objects.create(name="老客户")
        self.user_tag.taggings.create(user=self.owner)
        self.export = ExportJob.objects.create(
            requested_by=self.owner,
            key="matrix",
            kind="user",
            format="csv",
            fingerprint="matrix",
            lease_until=timezone.now(),
        )

    def _files(self):
        from tests.factories.media import FileFactory

        self.file = FileFactory(owner=self.owner, original_name="我的照片.jpg")
        self.file_key, self.file_name = self.file.key, "main.webp"

    def _content(self):
        self.category = Category.objects.create(name="情绪", slug="mood")
        self.tag = DiseaseTag.objects.create(name="焦虑")
        self.other_tag = DiseaseTag.objects.create(name="压力")

    def _practice(self):
        self.booking_agreement = publish_agreement(
            kind=AgreementKind.BOOKING, title="预约协议", body="正文"
        )
        self.version = self.booking_agreement.version
        for user in (self.owner, self.stranger):
            give_consent(
                user, kind=AgreementKind.BOOKING, version=self.version, ip_address="127.0.0.1"
            )
        for name in ("counselor", "other_counselor"):
            practice = Counselor.objects.create(
                user=self.users[name], name=f"{name}老师", status="published", lowest_price=300
            )
            practice.specialties.add(self.tag)
            setattr(self, f"{name}_row", practice)
        self.service = Service.objects.create(counselor=self.counselor_row, price=Decimal(300))
        self.template = WeeklyTemplate.objects.create(
            counselor=self.counselor_row, weekday=0, start_time="09:00", end_time="12:00"
        )
        day = (timezone.now() + timedelta(days=3)).replace(minute=0, second=0, microsecond=0)
        self.slots = [
            TimeSlot.objects.create(
                counselor=self.counselor_row,
                start_at=day + timedelta(hours=hour),
                end_at=day + timedelta(hours=hour, minutes=50),
            )
            for hour in range(6)
        ]
        self.slot = self.slots[0]

    def _owners_things(self):
        self.profile = ClientProfile.objects.create(
            user=self.owner, name="林小满", birth_date=date(1995, 5, 20), phone="13911112222"
        )
        self.order, self.appointment = self._booking(self.slots[1], OrderStatus.PENDING)
        self.paid_order, self.paid_appointment = self._booking(self.slots[2], OrderStatus.PAID)
        self.payment = Payment.objects.create(
            number="PAYMATRIX000000000001", order=self.paid_order, method="wechat", amount=300,
            status=PaymentStatus.SUCCEEDED, payer="openid", transaction_id="TX1",
            expires_at=timezone.now(), paid_at=timezone.now(), next_query_at=None,
        )  # fmt: skip
        Order.objects.filter(pk=self.paid_order.pk).update(paid_by=self.payment)
        self.refund = Refund.objects.create(
            number="REFMATRIX000000000001", payment=self.payment, order=self.paid_order,
            amount=100, key="request", reason_code="other", requested_by=self.owner,
        )  # fmt: skip

        self.address = AddressFactory(user=self.owner, is_default=True)

    def _merchants(self):
        words = {"contact_person": "周田田", "contact_phone": "13700001111"}
        for name, user, status in (
            ("merchant", self.owner, "pending"), ("shop", self.counselor, "approved"),
        ):  # fmt: skip
            made = MerchantFactory(
                user=user,
                status=status,
                business_name=f"{name}农场",
                business_license=name,
                **words,
            )
            setattr(self, name, made)
        self.goods = ProductFactory(merchant=self.shop)
        self.new_goods = ProductFactory(merchant=self.shop, status="reviewing")
        self.member = MemberFactory(merchant=self.shop)

    def _shop_orders(self):
        """One to send, one on its way, one that is over, one to fetch."""
        for name, status, fulfilment in (
            ("served", "paid", "shipping"), ("sent", "shipped", "shipping"),
            ("done", "completed", "shipping"), ("fetched", "paid", "verification"),
        ):  # fmt: skip
            order = Order.objects.create(
                number=f"ORD{name.upper():X<16}", user=self.owner, merchant=self.shop,
                total_amount=50, status=status, fulfilment=fulfilment, paid_at=timezone.now(),
                expires_at=timezone.now(),
            )  # fmt: skip
            setattr(self, f"{name}_order", order)
        self.shipment = Shipment.objects.create(
            order=self.sent_order, carrier="YTO", tracking_number="YT0000000001",
            shipped_at=timezone.now(),
        )  # fmt: skip
        said = {"merchant": self.shop, "user": self.owner, "rating": 4, "comment": "花很新鲜"}
        self.review = MerchantReview.objects.create(order=self.sent_order, **said)
        self.hidden_review = MerchantReview.objects.create(
            order=self.fetched_order, status="hidden", **said
        )
        Merchant.objects.filter(pk=self.shop.pk).update(rating_sum=4, rating_count=1)
        self.code = issue_code(self.fetched_order).code

    def _animals(self):
        """The counselor's farm has three: free, claimed by the owner, and free of any claim."""
        agreement = publish_agreement(kind=AgreementKind.CLAIM, title="认领协议", body="正文")
        for name in ("owner", "stranger", "super_admin"):
            give_consent(
                self.users[name], kind=AgreementKind.CLAIM, version=agreement.version,
                ip_address="127.0.0.1",
            )  # fmt: skip
        words = {"merchant": self.shop, "species": "羊驼", "price": 0}
        self.animal, self.claimed_animal, self.draft_animal = (
            Animal.objects.create(name=name, listing=listing, **words)
            for name, listing in (
                ("小黑", "published"), ("咩咩", "published"), ("团团", "draft"),
            )
        )  # fmt: skip
        order = Order.objects.create(
            number="ORDMATRIXCLAIM00000001", user=self.owner, total_amount=0, status="paid",
            expires_at=timezone.now(), paid_at=timezone.now(),
        )  # fmt: skip
        item = OrderItem.objects.create(
            order=order, kind="animal_claim", target_id=self.claimed_animal.pk, title="认领",
            unit_price=0,
        )  # fmt: skip
        self.claim = AnimalClaim.objects.create(
            number="CLMMATRIX000000000001", user=self.owner, animal=self.claimed_animal,
            merchant=self.shop, order_item=item, agreement=agreement, agreed_at=timezone.now(),
            animal_name="咩咩", price_paid=0, months=12, status="active",
            claimed_at=timezone.now(), ends_at=timezone.now() + timedelta(days=365),
            end_asked_at=timezone.now(),
        )  # fmt: skip
        settle(self.claimed_animal)

    def _booking(self, slot: TimeSlot, status: str) -> tuple[Order, Appointment]:
        paid = status == OrderStatus.PAID
        order = Order.objects.create(
            number=f"ORDMATRIX{slot.pk:012}", user=self.owner, total_amount=300, status=status,
            expires_at=timezone.now() + timedelta(minutes=15),
            paid_at=timezone.now() if paid else None,
        )  # fmt: skip
        item = OrderItem.objects.create(
            order=order, kind="appointment", target_id=slot.pk, title="咨询", unit_price=300
        )
        TimeSlot.objects.filter(pk=slot.pk).update(
            status=SlotStatus.BOOKED if paid else SlotStatus.HELD
        )
        appointment = Appointment.objects.create(
            number=f"APTMATRIX{slot.pk:012}", user=self.owner, client=self.profile,
            counselor=self.counselor_row, slot=slot, service=self.service, order_item=item,
            agreement=self.booking_agreement, kind="individual", mode="video",
            start_at=slot.start_at, end_at=slot.end_at, price=300, note="最近总是睡不着",
            free_cancel_until=slot.start_at - timedelta(hours=24),
            fee_cancel_until=slot.start_at - timedelta(hours=2), cancel_fee_percent=30,
            status="confirmed" if paid else "pending_payment",
        )  # fmt: skip
        return order, appointment
