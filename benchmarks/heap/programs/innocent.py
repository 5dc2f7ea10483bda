"""What every program does beside its leak: work that leaves nothing, and a bounded cache whose entries turn over."""

import json
import time
from collections import OrderedDict

MOST = 400
RECENT: "OrderedDict[int, bytes]" = OrderedDict()
SETTINGS = {f"setting-{number}": str(number) * 10 for number in range(2_000)}
served = 0


def work(rest_s: float = 0.01) -> int:
    """Serve one request: parse, sort, remember for a while, rest."""
    global served
    served += 1
    document = json.loads(json.dumps({"id": served, "rows": [{"n": n, "t": "x" * 50} for n in range(40)]}))
    sorted(row["n"] * 7 % 40 for row in document["rows"])
    RECENT[served] = bytes(5_000)
    if len(RECENT) > MOST:
        RECENT.popitem(last=False)
    time.sleep(rest_s)
    return served
