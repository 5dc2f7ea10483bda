"""A child for each job, twice a second, which ends and is waited for when the next begins."""

import subprocess
import sys
import time

print("ready", flush=True)
child = subprocess.Popen([sys.executable, "-c", "pass"], stdout=subprocess.PIPE)
while True:
    time.sleep(0.5)
    child.communicate()
    child = subprocess.Popen([sys.executable, "-c", "pass"], stdout=subprocess.PIPE)
