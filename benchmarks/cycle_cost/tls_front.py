"""The public side of the webhook: TLS, and 405 for a GET. Closes after each answer."""

import socket
import ssl
import sys
import threading
from contextlib import suppress

ANSWER = (
    b"HTTP/1.1 405 Method Not Allowed\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: 19\r\nConnection: close\r\n\r\nMethod not allowed\n"
)


def serve(port: int, certificate: str, key: str) -> None:
    """Serve for ever."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", port), backlog=64) as listener:
        while True:
            client, _ = listener.accept()
            # As servers do; else the answer waits 40 ms for the acknowledgement of TLS's tickets.
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_answer, args=(client, context), daemon=True).start()


def _answer(client: socket.socket, context: ssl.SSLContext) -> None:
    client.settimeout(5)
    with suppress(OSError), context.wrap_socket(client, server_side=True) as secured:
        asked = b""
        while b"\r\n\r\n" not in asked:
            piece = secured.recv(4096)
            if not piece:
                return
            asked += piece
        secured.sendall(ANSWER)
        secured.unwrap()


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2], sys.argv[3])
