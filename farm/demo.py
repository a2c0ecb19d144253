"""Demo farms with their animals, updates, and claims in every state."""

from datetime import date, timedelta

from django.utils import timezone

from accounts.models import AgreementKind, User
from accounts.services.consents import current_agreement, give_consent
from accounts.services.registration import create_user
from commerce.models import Merchant
from commerce.services.merchants import approve_merchant, register
from commerce.services.payments import status_of
from commerce.services.starting import start_payment
from config.demo import PASSWORD, Demo
from config.errors import DomainError
from farm.models import Animal, AnimalClaim
from farm.services.agreements import print_waiting
from farm.services.animals import (
    add_health_record,
    approve_animal,
    create_animal,
    hide_animal,
    post_update,
    submit_animal,
)
from farm.services.claims import ask_to_end, claim_animal, end_early

FARMS = [
    ("崇明东滩羊驼农场", "上海市崇明区东滩大道 88 号"), ("莫干山云上牧场", "浙江省湖州市德清县"),
    ("呼伦贝尔草原牧场", "内蒙古自治区呼伦贝尔市"), ("都江堰青城小农场", "四川省成都市都江堰市"),
]  # fmt: skip
KINDS = [
    ("羊驼", ["华卡约", "苏利"], 1200), ("绵羊", ["湖羊", "乌珠穆沁羊"], 600),
    ("奶牛", ["荷斯坦", "娟姗"], 2400), ("矮马", ["设特兰", "德保"], 1800),
    ("鸡", ["芦花鸡", "清远麻鸡"], 99), ("兔", ["荷兰垂耳兔", "安哥拉兔"], 128),
]  # fmt: skip
NAMES = [
    "小黑",
    "团团",
    "咩咩",
    "花花",
    "豆豆",
    "雪球",
    "年糕",
    "汤圆",
    "芝麻",
    "栗子",
    "奶茶",
    "可可",
]
CHARACTERS = [
    "亲人，喜欢被摸脖子",
    "有点害羞，熟了以后会跟着人走",
    "活泼好动，是草地上的领头",
    "安静温顺，爱晒太阳",
]
NEWS = [
    ("diary", "今天在草地上晒太阳，胃口很好。"), ("health", "完成了春季体检，各项指标正常。"),
    ("photo", "换了新的毛色，拍了几张照片。"), ("diary", "和新来的小伙伴相处得不错。"),
]  # fmt: skip


def make(demo: Demo) -> None:
    staff = User.objects.get(pk=demo.accounts["admin"]["id"])
    farms = [_farm(demo, n, staff) for n in range(demo.size(3, 12))]
    animals = [_animal(demo, farms, n, staff) for n in range(demo.size(18, 400))]
    for user in demo.made["clients"]:
        _consent(user)
    claims = _claims(demo, [animal for animal in animals if animal.listing == "published"])
    print_waiting()
    demo.ids |= {
        "animal": [animal.pk for animal in animals],
        "animal_claim": [claim.pk for claim in claims],
        "farm": [farm.pk for farm in farms],
    }


def _farm(demo: Demo, number: int, staff: User) -> Merchant:
    """The first has an account in the manifest."""
    user = create_user(username=f"farm-{number + 1}" if number else "farm", password=PASSWORD)
    name, address = FARMS[number % len(FARMS)]
    farm = register(
        user=user, merchant_type="farm_owner", business_name=name,
        business_license=f"91310000MA1FL{number:04}X", contact_person=demo.person_name(),
        contact_phone=f"137{demo.random.randrange(10**8):08}", address=address,
        description="散养为主，欢迎预约到访。",
    )  # fmt: skip
    if number == 0:
        demo.accounts["farm_owner"] = {
            "id": user.pk, "username": user.username, "password": PASSWORD, "phone": None,
            "persona": None, "merchant_id": farm.pk,
        }  # fmt: skip
    return approve_merchant(farm.pk, actor=staff)


def _animal(demo: Demo, farms: list[Merchant], number: int, staff: User) -> Animal:
    """Each farm has every kind.  Every ninth waits for a review, every eleventh is hidden."""
    pick, (turn, place) = demo.random, divmod(number, len(farms))
    farm, (species, breeds, price) = farms[place], KINDS[turn % len(KINDS)]
    animal = create_animal(
        user=farm.user, name=NAMES[number % len(NAMES)], species=species,
        breed=pick.choice(breeds),
        birth_date=date(pick.randrange(2021, 2026), pick.randrange(1, 13), 5),
        personality=pick.choice(CHARACTERS), farm_location=farm.address, price=price,
        term_months=pick.choice([0, 6, 12]),
    )  # fmt: skip
    add_health_record(
        animal.pk, user=farm.user, kind="vaccination", note="口蹄疫疫苗",
        happened_on=timezone.localdate() - timedelta(days=pick.randrange(20, 200)),
    )  # fmt: skip
    submit_animal(animal.pk, user=farm.user)
    if number % 9 != 8:
        approve_animal(animal.pk, actor=staff)
        kind, words = pick.choice(NEWS)
        post_update(animal.pk, user=farm.user, update_type=kind, content=words)
    if number % 11 == 10:
        hide_animal(animal.pk, user=farm.user)
    animal.refresh_from_db()
    return animal


def _consent(user: User) -> None:
    version = current_agreement(AgreementKind.CLAIM).version
    give_consent(user, kind=AgreementKind.CLAIM, version=version, ip_address="127.0.0.1")


def _claims(demo: Demo, animals: list[Animal]) -> list[AnimalClaim]:
    """By people of the sandbox; about half of the animals stay free."""
    payers = [user for user in demo.made["clients"] if user.pk in demo.made.get("personas", {})]
    made = []
    for number, animal in enumerate(animals[::2] if payers else []):
        user = payers[number % len(payers)]
        try:
            claim = claim_animal(animal.pk, user=user, price_paid=animal.price)
        except DomainError:
            continue
        _go_on(demo, claim, number)
        made.append(claim)
    return made


def _go_on(demo: Demo, claim: AnimalClaim, number: int) -> None:
    """One in five stays unpaid, one is asked to end, one is ended early."""
    if number % 5 == 4:
        return
    order = claim.order_item.order
    payment = start_payment(order.pk, user=claim.user, method="wechat").payment
    demo.outside.pay(payment.number)
    status_of(payment)
    if number % 5 in {2, 3}:
        ask_to_end(claim.pk, user=claim.user, reason="搬家，无法继续照看")
    if number % 5 == 3:
        end_early(claim.pk, actor=claim.merchant.user, reason="同意提前结束")
