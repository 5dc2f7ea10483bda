"""Keeps 64 KiB more every 20 ms, for ever: about 3 MiB a second."""

import time

kept = []
print("ready", flush=True)
while True:
    kept.append(bytearray(64 * 1024))
    time.sleep(0.02)
