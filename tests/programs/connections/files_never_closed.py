"""A log file opened for each job, and never closed."""

import tempfile
import time
from pathlib import Path

path = Path(tempfile.mkdtemp()) / "jobs.log"
kept = []
print("ready", flush=True)
while True:
    kept.append(path.open("a"))
    time.sleep(0.3)
