"""One sandbox: a world, its ports and the environment that points a back end at them."""

import random
from pathlib import Path

from .control import Control
from .store import write_atomically
from .web import Server
from .world import World

# Ports below the kernel's own choice for outgoing connections, where a free block stays free.
FREE_PORTS = range(20000, 32000, 10)
TRIES = 200


class PortTakenError(Exception):
    """A port of the block is in use; the text names it."""


class Sandbox:
    """The outside world in this process: `start` it, read `env`, `stop` it.

    `first_port` 0 looks for a free block of ports, so that sandboxes can run side by side.
    """

    def __init__(self, data: Path | str, first_port: int = 0, host: str = "127.0.0.1"):
        self.data = Path(data).resolve()
        self.host = host
        self.first_port = first_port
        self.world = World(self.data)
        self.control = Control(self.world)
        self._servers: list[Server] = []

    @property
    def control_url(self) -> str:
        return self._url(0)

    def start(self) -> "Sandbox":
        self._servers = self._open_ports()
        self.world.start()
        write_atomically(self.data / "env", env_text(self.env()))
        for server in self._servers:
            server.start()
        return self

    def stop(self) -> None:
        for server in self._servers:
            server.stop()
        self._servers = []
        self.world.stop()

    def env(self) -> dict[str, str]:
        """Environment variables for the back end; needs the ports to be known."""
        env: dict[str, str] = {}
        for rail in self.world.rails:
            env |= rail.env(self._url(rail.port_offset))
        return env | {"SANDBOX_CONTROL": self.control_url}

    def __enter__(self) -> "Sandbox":
        return self.start()

    def __exit__(self, *exception) -> None:
        self.stop()

    def _url(self, offset: int) -> str:
        if not self.first_port:
            raise RuntimeError("the ports are not known before start()")
        host = "127.0.0.1" if self.host in ("0.0.0.0", "") else self.host
        return f"http://{host}:{self.first_port + offset}"

    def _open_ports(self) -> list[Server]:
        if self.first_port:
            return self._open_block(self.first_port)
        for first_port in random.sample(FREE_PORTS, TRIES):
            try:
                servers = self._open_block(first_port)
            except PortTakenError:
                continue
            self.first_port = first_port
            return servers
        raise PortTakenError(f"found no free block of ports after {TRIES} tries")

    def _open_block(self, first_port: int) -> list[Server]:
        apps = {0: self.control.handle}
        apps |= {rail.port_offset: rail.handle for rail in self.world.rails}
        servers: list[Server] = []
        for offset, app in apps.items():
            try:
                servers.append(Server((self.host, first_port + offset), app))
            except OSError as error:
                for server in servers:
                    server.server_close()
                reason = error.strerror or error
                raise PortTakenError(
                    f"cannot listen on {self.host}:{first_port + offset}: {reason}"
                ) from None
        return servers


def env_text(env: dict[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in env.items())
