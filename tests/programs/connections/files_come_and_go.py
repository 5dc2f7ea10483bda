"""Opens up to forty files at once, in waves, and closes them all."""

import tempfile
import time

print("ready", flush=True)
while True:
    kept = []
    for _ in range(40):
        kept.append(tempfile.TemporaryFile())  # noqa: SIM115 - closed below, all together
        time.sleep(0.05)
    for each in kept:
        each.close()
