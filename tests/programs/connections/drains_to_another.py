"""From one address of a service to another: connections to the one are closed one by one."""

import http.client
import os
import threading
import time

PORT = int(os.environ["POLITE_PORT"])
moved = [threading.Event() for _ in range(14)]


def work(number: int) -> None:
    for address in ("127.0.0.1", "127.0.0.2"):
        connection = http.client.HTTPConnection(address, PORT)
        while address == "127.0.0.2" or not moved[number].is_set():
            connection.request("GET", "/")
            connection.getresponse().read()
            time.sleep(0.8)
        connection.close()


for number in range(len(moved)):
    threading.Thread(target=work, args=(number,), daemon=True).start()
print("ready", flush=True)
for each in moved:
    time.sleep(1.5)
    each.set()
while True:
    time.sleep(1)
