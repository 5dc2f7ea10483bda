"""A child for each job, which ends and whose status nobody collects."""

import subprocess
import time

kept = []
print("ready", flush=True)
while True:
    kept.append(subprocess.Popen(["true"]))
    time.sleep(0.5)
