"""Serves a WSGI application on a port of this machine: moto and the API."""

import logging
import socket
import threading
from typing import TYPE_CHECKING

from werkzeug.serving import WSGIRequestHandler, make_server

from local.errors import PortTaken

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

logging.getLogger("werkzeug").setLevel(logging.ERROR)  # without it, one line for each request


class KeepAlive(WSGIRequestHandler):
    """Keeps connections open and sends small answers at once."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True


class WebServer:
    """Serves an application on a port until it is stopped; port 0 is any free one.

    Raises:
        PortTaken: another program has the port.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind(("127.0.0.1", port))
        except OSError as error:
            self._socket.close()
            raise PortTaken(port) from error
        self._socket.listen(128)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def serve(self, application: "WSGIApplication", handler: type[WSGIRequestHandler] = KeepAlive) -> None:
        """Start to answer, in threads."""
        self._server = make_server(
            "127.0.0.1", self.port, application, threaded=True, request_handler=handler, fd=self._socket.fileno()
        )
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stop answering."""
        if hasattr(self, "_server"):
            self._server.shutdown()
            self._server.server_close()
        self._socket.close()


def is_free(port: int) -> bool:
    """Tell whether a server could take the port."""
    try:
        WebServer(port).stop()
    except PortTaken:
        return False
    return True
