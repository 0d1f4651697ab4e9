"""Forwards connections from an address of this machine to the loopback, where the local cloud listens.

Containers can reach such an address, but not the loopback. Nobody outside the machine can reach either.
"""

import contextlib
import socket
import socketserver
import threading
from types import TracebackType
from typing import Self


class PortForwarder:
    """Forwards connections while the block runs."""

    def __init__(self, address: str, port: int, target: tuple[str, int] | None = None) -> None:
        self._server = _Server((address, port), _Forward)
        self._server.target = target or ("127.0.0.1", port)
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Self:
        """Start to forward."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    target: tuple[str, int]


class _Forward(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        with socket.create_connection(self.server.target) as target:
            back = threading.Thread(target=_copy, args=(target, self.request), daemon=True)
            back.start()
            _copy(self.request, target)
            back.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):  # either side may hang up at any time
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
