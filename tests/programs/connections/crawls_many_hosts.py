"""A crawler that keeps a connection to each of forty addresses for a while, and goes on to the next."""

import http.client
import itertools
import os
import time

PORT = int(os.environ["POLITE_PORT"])
open_now = {}
print("ready", flush=True)
for number in itertools.count():
    address = f"127.0.0.{1 + number % 40}"
    if address not in open_now:
        open_now[address] = http.client.HTTPConnection(address, PORT)
    open_now[address].request("GET", "/")
    open_now[address].getresponse().read()
    if len(open_now) > 20:
        open_now.pop(next(iter(open_now))).close()
    time.sleep(0.2)
