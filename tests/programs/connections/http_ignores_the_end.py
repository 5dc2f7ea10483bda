"""A client that reads a line of each answer and forgets the connection, which the server then closes: CLOSE_WAIT."""

import os
import socket
import time

kept = []
print("ready", flush=True)
while True:
    connection = socket.create_connection(("127.0.0.1", int(os.environ["CLOSING_PORT"])))
    connection.sendall(b"hello\n")
    connection.recv(1)
    kept.append(connection)
    time.sleep(0.4)
