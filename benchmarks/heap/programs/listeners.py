"""A signal whose receivers are never taken off: each request adds a bound method."""

from innocent import work


class Signal:
    def __init__(self):
        self.receivers = []

    def connect(self, receiver):
        self.receivers.append(receiver)


class Handler:
    def __init__(self, number):
        self.buffer = bytearray(10_000)  # culprit
        self.number = number

    def on_shutdown(self):
        self.buffer.clear()


shutdown = Signal()


def serve(number):
    handler = Handler(number)
    shutdown.connect(handler.on_shutdown)


while True:
    serve(work())
