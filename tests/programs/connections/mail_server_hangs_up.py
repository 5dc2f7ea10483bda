"""Mail connections that are kept after use; the server ends them after three seconds, and nobody closes them here."""

import os
import smtplib
import time

kept = []
print("ready", flush=True)
while True:
    sending = smtplib.SMTP("127.0.0.1", int(os.environ["SMTP_PORT"]))
    sending.noop()
    kept.append(sending)
    time.sleep(0.4)
