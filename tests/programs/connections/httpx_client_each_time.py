"""A new httpx client for each call, none of which is closed."""

import os
import time

import httpx

kept = []
print("ready", flush=True)
while True:
    client = httpx.Client()
    client.get(f"http://127.0.0.1:{os.environ['POLITE_PORT']}/")
    kept.append(client)
    time.sleep(0.4)
