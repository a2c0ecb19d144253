"""People who came, came back or went, on days of our choice."""

import random
from datetime import date, datetime, timedelta

from accounts.models import LoginLog, LoginSession, RefreshToken, User
from config.days import SHANGHAI
from counseling.models import ClientProfile
from tests.factories.accounts import UserFactory

NOW = datetime(2026, 11, 20, 12, tzinfo=SHANGHAI)


TODAY = date(2026, 11, 20)


def at(day: date, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)


def person(day: date, **fields) -> User:
    user = UserFactory(**fields)
    User.objects.filter(pk=user.pk).update(created_at=at(day))
    user.refresh_from_db()
    return user


def login(user: User, moment: datetime, *, method="wechat", platform="ios") -> None:
    log = LoginLog.objects.create(user=user, method=method, succeeded=True)
    LoginLog.objects.filter(pk=log.pk).update(created_at=moment)
    sid = f"{user.pk}-{moment.timestamp()}"
    expires = moment + timedelta(days=30)
    session = LoginSession.objects.create(
        sid=sid, user=user, method=method, platform=platform, expires_at=expires
    )
    LoginSession.objects.filter(pk=session.pk).update(created_at=moment)
    RefreshToken.objects.create(jti=sid, session=session, issued_at=moment, expires_at=expires)


def crowd(seed: int = 7, people: int = 25, days: int = 75) -> None:
    """The same for the same seed: people who came, came back, or went."""
    pick = random.Random(seed)
    first = TODAY - timedelta(days=days)
    for _ in range(people):
        came = first + timedelta(days=pick.randrange(days + 1))
        user = person(came)
        for _ in range(pick.randrange(5)):
            day = came + timedelta(days=pick.choice([0, 1, 1, 2, 7, 7, 9, 30]))
            if day <= TODAY:
                login(user, at(day, pick.randrange(24), pick.randrange(60)),
                      method=pick.choice(["password", "wechat"]),
                      platform=pick.choice(["ios", "", "android"]))  # fmt: skip
        if pick.random() < 0.5:
            profile = ClientProfile.objects.create(user=user, name="x", birth_date=came)
            late = came + timedelta(days=pick.choice([0, 3, 29, 30, 31]))
            ClientProfile.objects.filter(pk=profile.pk).update(created_at=at(late, 10, 0))
