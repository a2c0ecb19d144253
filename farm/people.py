"""What farm shows about a person; see accounts.services.people."""

from accounts.services.people import Section
from config.admin import badge, yuan
from farm.models import AnimalClaim

SECTIONS = [
    Section(
        "animal_claims", "动物认领", "farm.view_animalclaim",
        lambda pk: AnimalClaim.objects.filter(user=pk).order_by("-pk"),
        {
            "认领编号": lambda row: row.number,
            "动物": lambda row: row.animal_name,
            "价格": lambda row: yuan(row.price_paid),
            "状态": lambda row: badge(row.status, row.get_status_display()),
            "到期时间": lambda row: row.ends_at,
        },
        page="farm.animalclaim",
    ),
]  # fmt: skip
