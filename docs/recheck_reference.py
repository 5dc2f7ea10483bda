"""Check a leakdoc proof without leakdoc: ``python recheck_reference.py proof.json`` (numpy and the standard library).

It recomputes, from the file alone, the hash, the samples, and the figures of the check ``plain_slopes``: straight
lines through the floors of both sides, the levels, and what the old slope would have added after the fix. It does
not repeat the statistics of ``leakdoc recheck``; it shows that the numbers they start from are what they seem.
"""

import base64
import hashlib
import json
import math
import re
import sys
import zlib
from pathlib import Path

import numpy as np

TOLERANCE = 1e-9


def canonical(value):
    """Write JSON as RFC 8785 does: sorted names, no spaces, numbers as ECMAScript writes them."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(name)}:{canonical(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, float):
        return ecmascript(value)
    return json.dumps(value, ensure_ascii=False)


def ecmascript(number):
    """Write a double as ECMAScript's Number::toString does."""
    if number == 0:
        return "0"
    digits, exponent = _digits(abs(number))
    sign = "-" if number < 0 else ""
    count = len(digits)
    if count <= exponent <= 21:
        return f"{sign}{digits}{'0' * (exponent - count)}"
    if 0 < exponent <= 21:
        return f"{sign}{digits[:exponent]}.{digits[exponent:]}"
    if -6 < exponent <= 0:
        return f"{sign}0.{'0' * -exponent}{digits}"
    rest = f".{digits[1:]}" if count > 1 else ""
    return f"{sign}{digits[0]}{rest}e{exponent - 1:+d}"


def _digits(number):
    """The shortest digits that read back as the number, and where the point stands."""
    mantissa, _, power = repr(number).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    exponent = len(whole.lstrip("0")) or -(len(fraction) - len(fraction.lstrip("0")))
    return digits.rstrip("0") or "0", exponent + int(power or 0)


def decoded(text):
    return np.frombuffer(zlib.decompress(base64.b64decode(text, validate=True)), dtype="<f8")


def channel_values(samples, channel):
    """A column, or the sum of those that lead to one peer."""
    if channel in samples:
        return decoded(samples[channel])
    peer = re.search(r'peer="(?:[^"\\]|\\.)*"', channel).group()
    every = [name for name in samples if name.startswith("connections{") and peer in name]
    parts = [name for name in every if 'direction="in"' not in name]
    total = np.nansum([decoded(samples[name]) for name in parts], axis=0)
    if "connections" in samples:
        total[np.isnan(decoded(samples["connections"]))] = np.nan
    return total


def figures(side, samples, channel, cut, policy):
    """The slope through the floors, the level of the last part, and the longest life, warm-up cut."""
    times, values = decoded(samples["time"]), channel_values(samples, channel)
    kept, over, under, longest = np.zeros(len(times), bool), 0.0, 0.0, 0.0
    for life in side["lives"]:
        rows = np.arange(life["first"], life["stop"])
        if side.get("version") is not None and life["version"] != side["version"]:
            continue
        t = times[rows]
        rows = rows[t >= t[0] + cut * (t[-1] - t[0])]
        kept[rows] = True
        longest = max(longest, times[rows[-1]] - times[rows[0]])
        present = rows[np.isfinite(values[rows])]
        parts = [part for part in np.array_split(present, min(policy["plain_bins"], len(present)) or 1) if len(part)]
        if len(parts) > 2:
            x = np.array([times[part].mean() for part in parts])
            y = np.array([values[part].min() for part in parts])
            over += (x - x.mean()) @ (y - y.mean())
            under += (x - x.mean()) @ (x - x.mean())
    kept &= np.isfinite(values)
    t = times[kept]
    last = t >= t.min() + (1.0 - policy["level_part"]) * np.ptp(t)
    return over / under, float(np.median(values[kept][last])), longest


def recheck(proof):
    """Yield each figure with what the file says and what its samples say."""
    unsealed = {name: value for name, value in proof.items() if name not in ("sha256", "signature")}
    yield "sha256", proof["sha256"], hashlib.sha256(canonical(unsealed).encode()).hexdigest()
    numbers = next((check["numbers"] for check in proof["checks"] if check["name"] == "plain_slopes"), {})
    if "slope_before_per_s" not in numbers:
        return
    channel, policy = numbers["channel"], proof["parameters"]["verification"]
    after = dict(proof["after"], version=proof["after"]["lives"][-1]["version"])
    old = figures(proof["before"], proof["samples"]["before"], channel, 0.0, policy)
    new = figures(after, proof["samples"]["after"], channel, numbers["cut"], policy)
    yield "slope_before_per_s", numbers["slope_before_per_s"], old[0]
    yield "slope_after_per_s", numbers["slope_after_per_s"], new[0]
    yield "level_before", numbers["level_before"], old[1]
    yield "level_after", numbers["level_after"], new[1]
    yield "expected", numbers["expected"], old[0] * new[2]


def same(said, found):
    if isinstance(said, str):
        return said == found
    return math.isclose(said, found, rel_tol=TOLERANCE, abs_tol=1e-6)


def main(path):
    try:
        proof = json.loads(Path(path).read_text(encoding="utf-8"))
        rows = [(name, said, found, same(said, found)) for name, said, found in recheck(proof)]
    except Exception as error:  # whatever it is, it is no proof: 1 would say that it is one, of a leak
        sys.stdout.write(f"DAMAGED  {type(error).__name__}: {error}\n")
        return 4
    for name, said, found, holds in rows:
        sys.stdout.write(f"ok       {name}: {said}\n" if holds else f"DIFFERS  {name}: {said}, recomputed {found}\n")
    return 0 if all(row[-1] for row in rows) else 4


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
