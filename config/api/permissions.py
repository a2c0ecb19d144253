"""Who may call an action: the viewset says so, and what it does not say is refused."""

from django.conf import settings
from django.utils.module_loading import import_string
from rest_framework.permissions import BasePermission

PUBLIC, LOGIN = "public", "login"


class KeyHolder:
    """What request.auth derives from when a third party's key came instead of a login."""

    def require_scope(self, scope: str | None) -> None:
        """Refuse an action without a scope (None), or with one that the key lacks."""
        raise NotImplementedError

    def take_place(self) -> bool:
        """Count one request; False when this minute's are used up."""
        raise NotImplementedError


class ActionPermission(BasePermission):
    """Look the action up in view.permissions; an action that is not listed is closed.

    The value is PUBLIC, LOGIN or a permission name such as "commerce.refund_order".
    Which rows the user may see is the queryset's business, not this class's.
    A third party's key comes through no action but those in view.scopes.
    An action in view.step_up asks settings.STEP_UP besides, once everything else is granted.
    """

    def has_permission(self, request, view):
        action = getattr(view, "action", None)
        if action is None:  # the route has no such method: dispatch answers 405
            return True
        if isinstance(request.auth, KeyHolder):
            request.auth.require_scope(view.scopes.get(action))
        rule = view.permissions.get(action)
        if rule == PUBLIC:
            return True
        if rule is None or not request.user.is_authenticated:
            return False
        allowed = rule == LOGIN or request.user.has_perm(rule)
        if allowed and action in view.step_up:
            import_string(settings.STEP_UP)(request.auth)
        return allowed
