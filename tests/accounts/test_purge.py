from datetime import timedelta

from django.utils import timezone

from accounts.models import LoginGuard, LoginSession, RefreshToken
from accounts.services.sessions import refresh
from accounts.tasks import purge_expired
from tests.helpers import Api


def test_expired_tokens_go_and_the_login_they_belong_to_stays(api):
    pair = refresh(api.refresh)
    old, new = RefreshToken.objects.order_by("pk")
    RefreshToken.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(seconds=1))

    purge_expired()

    assert RefreshToken.objects.get() == new
    assert refresh(pair.refresh).access


def test_logins_are_kept_thirty_days_after_their_end(api, user):
    Api(user)
    kept, gone = LoginSession.objects.order_by("pk")
    now = timezone.now()
    LoginSession.objects.filter(pk=kept.pk).update(expires_at=now - timedelta(days=29))
    LoginSession.objects.filter(pk=gone.pk).update(expires_at=now - timedelta(days=31))

    purge_expired()

    assert LoginSession.objects.get() == kept


def test_counts_of_wrong_passwords_go_after_a_day(db):
    now = timezone.now()
    for key, hours in [("kept", 23), ("gone", 25)]:
        LoginGuard.objects.create(key=key, failures=5, last_at=now - timedelta(hours=hours))

    purge_expired()

    assert LoginGuard.objects.get().key == "kept"
