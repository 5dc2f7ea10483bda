"""A TCP proxy with two threads for each client, and one connection upstream that stays as long as its client does."""

import os
import socket
import threading


def pump(source: socket.socket, to: socket.socket) -> None:
    while data := source.recv(4096):
        to.sendall(data)
    to.shutdown(socket.SHUT_WR)


def serve(client: socket.socket) -> None:
    upstream = socket.create_connection(("127.0.0.1", int(os.environ["REDIS_PORT"])))
    back = threading.Thread(target=pump, args=(upstream, client))
    back.start()
    pump(client, upstream)
    back.join()
    client.close()
    upstream.close()


server = socket.create_server(("127.0.0.1", 0), backlog=128)
print("ready", server.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
