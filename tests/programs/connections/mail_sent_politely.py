"""Sends a mail each half second by a session of its own, and says goodbye each time."""

import os
import smtplib
import time

print("ready", flush=True)
while True:
    with smtplib.SMTP("127.0.0.1", int(os.environ["SMTP_PORT"])) as session:
        session.noop()
    time.sleep(0.5)
