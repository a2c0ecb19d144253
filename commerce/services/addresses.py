"""A person's address book."""

from accounts.models import User
from commerce.errors import TooManyAddresses
from commerce.models import Address
from config.db import transact
from config.errors import NotFound

MOST = 20


@transact
def add_address(*, user: User, is_default: bool = False, **fields: str) -> Address:
    """Add one; the first is the default.  TooManyAddresses when the book is full."""
    known = _locked_book(user)
    if len(known) >= MOST:
        raise TooManyAddresses(most=MOST)
    address = Address(user_id=user.pk, is_default=is_default or not known, **fields)
    if address.is_default:
        _no_default(user)
    address.save(force_insert=True)
    return address


@transact
def change_address(
    address_id: int, *, user: User, is_default: bool = False, **fields: str
) -> Address:
    """Change one's own; what is not given stays.  is_default True makes it the one."""
    address = _own(address_id, _locked_book(user))
    for name, value in fields.items():
        setattr(address, name, value)
    if is_default and not address.is_default:
        _no_default(user)
        address.is_default = True
    address.save(update_fields=[*fields, "is_default", "updated_at"])
    return address


@transact
def delete_address(address_id: int, *, user: User) -> None:
    """Take one's own away; after the default the newest of the others is it."""
    known = _locked_book(user)
    address = _own(address_id, known)
    address.delete()
    others = [other for other in known if other.pk is not None]
    if address.is_default and others:
        Address.objects.filter(pk=others[-1].pk).update(is_default=True)


def _locked_book(user: User) -> list[Address]:
    """All of a person's, the oldest first.  The person is locked: a book that is empty or gets
    one more has no row of its own that could be."""
    User.objects.locked().filter(pk=user.pk).values_list("pk").first()
    return list(Address.objects.visible_to(user).order_by("pk"))


def _own(address_id: int, known: list[Address]) -> Address:
    found = next((address for address in known if address.pk == address_id), None)
    if found is None:
        raise NotFound
    return found


def _no_default(user: User) -> None:
    Address.objects.filter(default_of=user.pk).update(is_default=False)
