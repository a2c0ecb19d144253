"""What staff must do before the back office opens to them."""

from dataclasses import dataclass

from accounts.models import User
from accounts.services.parameters import parameter


@dataclass(frozen=True)
class Duty:
    """pages: route names that stay open, the first is where one is led."""

    words: str
    pages: tuple[str, ...]

    @property
    def page(self) -> str:
        return self.pages[0]


NEW_PASSWORD = Duty(
    "请先修改密码：现在的密码由他人设置，或已被要求更换", ("admin:password_change",)
)
SECOND_FACTOR = Duty(
    "请先开启两步验证",
    ("admin:second_factor", "admin:second_factor_begin", "admin:second_factor_enrol"),
)


def duty_of(user: User) -> Duty | None:
    """The first thing this person owes, by one statement."""
    owed = User.objects.filter(pk=user.pk).values_list(
        "password_record__must_change", "second_factor__confirmed_at"
    )
    must_change, confirmed_at = owed.get()
    if must_change:
        return NEW_PASSWORD
    if confirmed_at is None and parameter("STAFF_TOTP_REQUIRED"):
        return SECOND_FACTOR
    return None
