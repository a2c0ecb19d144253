"""The legal moves of a status field."""

from collections.abc import Iterable, Iterator, Mapping

from config.errors import IllegalTransition


class Transitions:
    """The legal moves of one status field, {from: {to, ...}}; a status that is no key is final."""

    def __init__(self, table: Mapping[str, Iterable[str]]):
        self._table = {str(old): frozenset(map(str, new)) for old, new in table.items()}

    def check(self, old: str, new: str) -> None:
        """Raise IllegalTransition unless `old` may become `new`."""
        if not self.allows(old, new):
            raise IllegalTransition(old=str(old), new=str(new))

    def allows(self, old: str, new: str) -> bool:
        return str(new) in self._table.get(str(old), ())

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Every legal (from, to)."""
        return ((old, new) for old, targets in self._table.items() for new in targets)
