"""A TLS context for each request, kept by the session that is never closed."""

import ssl

from innocent import work

SESSIONS = []


class Session:
    def __init__(self):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # culprit


while True:
    work()
    SESSIONS.append(Session())
