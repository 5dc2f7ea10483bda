"""Works in bounded memory: allocates and frees, and keeps nothing."""

import time

print("ready", flush=True)
while True:
    sum(len(str(number)) for number in range(500))
    time.sleep(0.02)
