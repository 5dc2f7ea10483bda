"""A pool of threads that grows to its size and stops there."""

import time
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(max_workers=24)
print("ready", flush=True)
for _ in range(24):
    pool.submit(time.sleep, 3)
    time.sleep(0.25)
while True:
    pool.submit(time.sleep, 0.1)
    time.sleep(0.2)
