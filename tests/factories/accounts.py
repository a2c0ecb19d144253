import factory

from accounts.models import User
from accounts.services.roles import assign_role

PASSWORD = "correct-horse-battery"


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    nickname = factory.Sequence(lambda n: f"用户{n}")

    @classmethod
    def _create(cls, model_class, *args, password=None, **kwargs):
        user = model_class(*args, **kwargs)
        user.set_password(password)  # unusable unless given: hashing is slow
        user.save()
        return user


def StaffFactory(role: str, **fields) -> User:
    """A person with that role, able to log in with PASSWORD."""
    user = UserFactory(password=PASSWORD, **fields)
    assign_role(user.pk, role, actor=None)
    user.refresh_from_db()
    return user
