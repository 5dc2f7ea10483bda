"""Finalizers that hold what they are to clean up: nothing is ever collected."""

import weakref

from innocent import work


class Connection:
    def __init__(self, number):
        self.number = number
        self.buffer = bytearray(10_000)  # culprit

    def close(self):
        self.buffer = None


def open_connection(number):
    connection = Connection(number)
    weakref.finalize(connection, connection.close)


while True:
    open_connection(work())
