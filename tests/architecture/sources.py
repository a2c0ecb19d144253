"""Our own code as the architecture tests see it: apps, files, classes."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

from django.apps import apps
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
OURS = sorted(
    (config for config in apps.get_app_configs() if (ROOT / config.name).is_dir()),
    key=lambda config: config.name,
)
PACKAGES = sorted({"config", *(config.name for config in OURS)})


@dataclass(frozen=True)
class Source:
    """One file.  path: relative to the repository, with slashes."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def package(self) -> str:
        return self.path.split("/", 1)[0]

    def in_room(self, *rooms: str) -> bool:
        """True for <app>/<room>.py and <app>/<room>/*.py."""
        parts = self.path.removesuffix(".py").split("/")
        return len(parts) > 1 and parts[1] in rooms


@cache
def sources() -> tuple[Source, ...]:
    found = [
        Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if "migrations" not in path.parts
    ]
    assert len(found) > 50, "the walk over our own code found nearly nothing"
    return tuple(found)


@cache
def import_everything() -> None:
    """Import every module of ours, so that subclasses and tasks are all known."""
    for package in PACKAGES:
        module = import_module(package)
        for info in walk_packages(module.__path__, f"{package}."):
            if ".settings" in info.name or ".migrations." in info.name:
                continue
            if info.name == "config.mysql.base":  # only where the driver is
                continue
            import_module(info.name)


def descendants(cls: type) -> Iterator[type]:
    for child in cls.__subclasses__():
        yield child
        yield from descendants(child)


def of_ours(cls: type) -> bool:
    return cls.__module__.split(".", 1)[0] in PACKAGES
