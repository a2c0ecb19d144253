"""Command line: `python -m tests.sandbox serve` and `python -m tests.sandbox env`."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from .server import PortTakenError, Sandbox, env_text
from .world import complain


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    sandbox = Sandbox(options.data, options.first_port, options.host)
    if options.command == "env":
        sys.stdout.write(env_text(sandbox.env()))
        return 0
    return serve(sandbox)


def serve(sandbox: Sandbox) -> int:
    """Run until SIGTERM or SIGINT; 2 when a port is taken."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    try:
        sandbox.start()
    except PortTakenError as error:
        complain(str(error))
        return 2
    sys.stdout.write(f"sandbox: {sandbox.control_url} (environment in {sandbox.data / 'env'})\n")
    sys.stdout.flush()
    stop.wait()
    sandbox.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox", description=__doc__)
    parser.add_argument("command", choices=("serve", "env"))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--first-port", type=int, default=9900)
    parser.add_argument("--data", type=Path, default=Path("var/sandbox"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
