"""A hook of the test deployments: ``settings_hook.py DIRECTORY SETTING VALUE|@PARAMETER BEFORE``, JSON values.

Changes one setting of the deployment to the value, or to a parameter of the step (``@settings.size``); says as the
probe whether it holds, and as the undo puts back what was.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

FILE = Path(sys.argv[1]) / "settings.json"


def wanted(value: str) -> object:
    if not value.startswith("@"):
        return json.loads(value)
    found = json.load(sys.stdin)["parameters"]
    for part in value[1:].split("."):
        found = found[part]
    return found


def main() -> int:
    name, value, before = sys.argv[2:]
    now = json.loads(FILE.read_text())
    act = os.environ["LEAKDOC_ACT"]
    if act == "probe":
        return int(now.get(name) != wanted(value))
    beside = FILE.with_suffix(".new")
    beside.write_text(json.dumps({**now, name: wanted(value) if act == "apply" else json.loads(before)}))
    beside.replace(FILE)
    print(json.dumps({"previous": {name: now.get(name)}}))
    return 0


sys.exit(main())
