"""Demo merchants with goods, and people who bought some."""

from io import BytesIO

from PIL import Image, ImageDraw

from accounts.models import User
from commerce.models import Address, Merchant, Order, Product, ProductStatus
from commerce.payables import Want
from commerce.services.addresses import add_address
from commerce.services.merchants import approve_merchant, register
from commerce.services.orders import cancel_order, place_order
from commerce.services.payments import status_of
from commerce.services.products import approve_product, create_product, reject_product
from commerce.services.starting import start_payment
from config.demo import Demo
from media.models import Purpose
from media.services.uploads import store_upload

# (type, name, address, goods); goods: (name, category, yuan, what is said of it).
SHOPS = [
    (
        "flower_shop", "小满花店", "上海市徐汇区武康路 12 号",
        [
            ("向日葵花束", "鲜花", 68, "十二枝当日鲜切向日葵，牛皮纸包装"),
            ("白玫瑰与尤加利", "鲜花", 128, "九枝白玫瑰配尤加利叶，适合探望与陪伴"),
            ("多肉拼盘", "盆栽", 45, "五种多肉，陶盆，两周浇一次水"),
            ("干花香囊", "手作", 29, "薰衣草与洋甘菊，助眠"),
        ],
    ),
    (
        "farm_owner", "青禾生态农场", "上海市崇明区港西镇",
        [
            ("崇明土蜂蜜", "农产", 88, "五百克，当季油菜花蜜"),
            ("有机大米", "农产", 59, "五公斤，当年新米"),
            ("散养鸡蛋", "农产", 42, "三十枚，隔日发货"),
        ],
    ),
    (
        "activity_organizer", "山野同行", "杭州市西湖区龙井路",
        [("徒步水壶", "装备", 79, "一升，保温")],
    ),
]  # fmt: skip
WAITING = ("flower_shop", "云舒花艺", "苏州市姑苏区平江路")
STREETS = [
    "浙江省 杭州市 西湖区|文三路 {} 号",
    "上海市 上海市 徐汇区|天平路 {} 弄",
    "江苏省 南京市 鼓楼区|汉口路 {} 号",
]
REMARKS = ["", "放门口即可", "送人，请附贺卡", ""]


def make(demo: Demo) -> None:
    boss = User.objects.get(pk=demo.accounts["super_admin"]["id"])
    shops = [_shop(demo, boss, number) for number in range(len(SHOPS))]
    _register(demo, demo.made["clients"][-1], *WAITING)  # waits for review
    demo.accounts["merchant"]["merchant_id"] = shops[0].pk
    buyers = [user for user in demo.made["clients"] if user.pk in demo.made.get("personas", {})]
    for number, user in enumerate(buyers[: demo.size(8, 200)]):
        _buy(demo, user, shops[number % 2], number)
    demo.ids |= {
        "merchant": list(Merchant.objects.order_by("pk").values_list("pk", flat=True)),
        "product": list(Product.objects.on_sale().order_by("pk").values_list("pk", flat=True)),
        "address": list(Address.objects.order_by("pk").values_list("pk", flat=True)),
    }


def _register(demo: Demo, user: User, kind: str, name: str, address: str) -> Merchant:
    return register(
        user=user,
        merchant_type=kind,
        business_name=name,
        business_license=f"91310000MA1FL{demo.random.randrange(10**5):05}",
        contact_person=demo.person_name(),
        contact_phone=f"137{demo.random.randrange(10**8):08}",
        address=address,
    )


def _shop(demo: Demo, boss: User, number: int) -> Merchant:
    """The first is the demo account's; its last two goods wait for review and were rejected."""
    kind, name, address, goods = SHOPS[number]
    clients = demo.made["clients"]
    owner = (
        User.objects.get(pk=demo.accounts["merchant"]["id"])
        if number == 0
        else clients[-1 - number]
    )
    shop = approve_merchant(_register(demo, owner, kind, name, address).pk, actor=boss)
    for place, (title, category, price, words) in enumerate(goods):
        picture = store_upload(
            owner, purpose=Purpose.PRODUCT, name=f"{title}.png", **_picture(demo)
        )
        product = create_product(
            user=owner, name=title, category=category, price=price, description=words,
            pieces=demo.random.randrange(20, 200), image_ids=[picture.pk],
        )  # fmt: skip
        if number == 0 and place == len(goods) - 1:
            reject_product(product.pk, actor=boss, reason="请补充香囊的成分说明")
        elif number != 0 or place != len(goods) - 2:
            approve_product(product.pk, actor=boss)
    return shop


def _picture(demo: Demo) -> dict:
    """Petals in two colours: something to look at."""
    pick = demo.random
    image = Image.new("RGB", (640, 640), tuple(pick.randrange(200, 250) for _ in range(3)))
    draw, colour = ImageDraw.Draw(image), tuple(pick.randrange(60, 220) for _ in range(3))
    for x, y in ((320, 170), (470, 320), (320, 470), (170, 320)):
        draw.ellipse((x - 120, y - 120, x + 120, y + 120), fill=colour)
    draw.ellipse((230, 230, 410, 410), fill=(250, 205, 80))
    out = BytesIO()
    image.save(out, "PNG")
    return {"content": BytesIO(out.getvalue()), "size": out.tell()}


def _buy(demo: Demo, user: User, shop: Merchant, number: int) -> Order:
    """One in eight stays unpaid, one is given up; the rest is paid for."""
    region, _, detail = demo.random.choice(STREETS).partition("|")
    address = add_address(
        user=user,
        receiver=demo.person_name(),
        phone=f"136{demo.random.randrange(10**8):08}",
        region=region,
        detail=detail.format(demo.random.randrange(1, 300)),
    )
    goods = list(Product.objects.filter(merchant=shop, status=ProductStatus.ON_SALE).order_by("pk"))
    wants = [
        Want("product", product.pk, demo.random.randrange(1, 4))
        for product in demo.random.sample(goods, min(2, len(goods)))
    ]
    order = place_order(
        user=user, wants=wants, address_id=address.pk, remark=demo.random.choice(REMARKS)
    )
    if number % 8 == 7:
        cancel_order(order.pk, actor=user)
    elif number % 8 != 6:
        payment = start_payment(order.pk, user=user, method="wechat").payment
        demo.outside.pay(payment.number)
        status_of(payment)
    return order
