"""A thread for each job that waits for an event which never comes."""

import threading
import time

never = threading.Event()
print("ready", flush=True)
while True:
    threading.Thread(target=never.wait, daemon=True).start()
    time.sleep(0.4)
