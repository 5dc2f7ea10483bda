"""A modest client that opens a connection for each of its three requests a second, and closes it."""

import os
import time
import urllib.request

print("ready", flush=True)
while True:
    urllib.request.urlopen(f"http://127.0.0.1:{os.environ['POLITE_PORT']}/").read()
    time.sleep(0.33)
