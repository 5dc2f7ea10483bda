"""The allocation is deep inside the standard library; the line to change is the one that keeps the result."""

import json

from innocent import work

AUDIT = []
BODY = json.dumps([{"field": "value %d" % n} for n in range(60)])


def audit(number):
    AUDIT.append((number, json.loads(BODY)))  # culprit


while True:
    audit(work())
