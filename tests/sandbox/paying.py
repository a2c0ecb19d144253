"""What the payment providers of this world have in common: trades that run out, control calls."""

from typing import Any

from .control import ControlError
from .web import Request, json_response

HANDLINGS = ("auto", "hold")
MOST_COPIES = 16


class Expiring:
    """Trades by the merchant's number.  Unpaid ones close when they run out; looking at one is
    what notices it."""

    _world: Any
    _rows: dict[str, Any]
    UNPAID: str
    CLOSED: str

    def all(self) -> list[Any]:
        with self._world.store.change():
            return [self._expire(trade) for trade in self._rows.values()]

    def find(self, out_trade_no: str) -> Any:
        """The trade, or None."""
        trade = self._rows.get(out_trade_no)
        return self._expire(trade) if trade else None

    def _expire(self, trade: Any) -> Any:
        if trade.state == self.UNPAID and self._world.clock.now() >= trade.expire_at:
            trade.state, trade.closed_at = self.CLOSED, trade.expire_at
        return trade


def read_delivery(order: dict[str, Any]) -> tuple[str, int]:
    """How the notice of a payment goes out: at once or held, and how often."""
    handling, copies = order.get("notify", "auto"), order.get("copies", 1)
    if handling not in HANDLINGS:
        raise ControlError("notify: auto or hold")
    if isinstance(copies, bool) or not isinstance(copies, int) or not 1 <= copies <= MOST_COPIES:
        raise ControlError(f"copies: 1 to {MOST_COPIES}")
    return handling, copies


def read_choice(order: dict[str, Any], name: str, choices: tuple[str, ...], default: str) -> str:
    choice = order.get(name) or default
    if choice not in choices:
        raise ControlError(f"{name}: one of {choices}")
    return choice


def read_notice(order: dict[str, Any], known: set[str], signatures: tuple[str, ...]) -> str:
    """The trick for the signature of a notice that a test will post itself."""
    if unknown := set(order) - known:
        raise ControlError(f"notice: unknown {sorted(unknown)}")
    return read_choice(order, "signature", signatures, "")


def mutate(plain: dict[str, str], changes: dict[str, Any] | None) -> None:
    """Change the facts of a notice before it is signed; None takes one away."""
    for name, value in (changes or {}).items():
        plain.pop(name, None)
        if value is not None:
            plain[name] = str(value)


def translate(handler, refusal: type[Exception], read):
    """Let the provider's own refusals reach the control client with their code.

    read(refusal) -> its text, its code, whether it means "there is no such thing".
    """

    def translated(request: Request, **params: str) -> Any:
        try:
            return handler(request, **params)
        except refusal as error:
            text, code, absent = read(error)
            return json_response({"error": text, "code": code}, 404 if absent else 409)

    return translated
