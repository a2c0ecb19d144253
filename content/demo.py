"""Demo categories and disease tags."""

from config.demo import Demo
from content.models import Category, DiseaseTag

TAGS = {
    "焦虑情绪": "持续紧张、担忧、坐立不安",
    "抑郁情绪": "情绪低落、兴趣减退、疲惫",
    "亲密关系": "恋爱、婚姻中的沟通与信任",
    "亲子教育": "与孩子相处的困扰",
    "职场压力": "工作倦怠、职业选择",
    "睡眠困扰": "入睡困难、早醒、多梦",
    "原生家庭": "与父母的关系及其影响",
    "自我成长": "自我认识、自信与边界",
    "人际交往": "社交紧张、孤独感",
    "哀伤与丧失": "亲人离世、分离与告别",
}
CATEGORIES = {
    "心理咨询": ("counseling", ["个人成长", "婚恋家庭", "情绪压力"]),
    "心理课程": ("courses", ["正念练习", "亲子课堂", "职场心理"]),
    "结伴同行": ("travel", ["城市漫步", "徒步露营", "节假出行"]),
}


def make(demo: Demo) -> None:
    tags = [
        DiseaseTag.objects.create(name=name, description=text, sort_order=order)
        for order, (name, text) in enumerate(TAGS.items())
    ]
    categories = []
    for order, (name, (slug, children)) in enumerate(CATEGORIES.items()):
        top = Category.objects.create(name=name, slug=slug, sort_order=order)
        categories.append(top)
        for place, child in enumerate(children):
            categories.append(
                Category.objects.create(
                    name=child, slug=f"{slug}-{place + 1}", parent=top, sort_order=place
                )
            )
    demo.made["tags"] = tags
    demo.ids["disease_tag"] = [tag.pk for tag in tags]
    demo.ids["category"] = [category.pk for category in categories]
