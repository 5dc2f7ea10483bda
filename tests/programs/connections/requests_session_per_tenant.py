"""A requests session for each tenant, kept in a dictionary for ever; new tenants come all the time."""

import os
import time

import requests

sessions = {}
print("ready", flush=True)
number = 0
while True:
    session = sessions.setdefault(number, requests.Session())
    session.get(f"http://127.0.0.1:{os.environ['POLITE_PORT']}/")
    number += 1
    time.sleep(0.4)
