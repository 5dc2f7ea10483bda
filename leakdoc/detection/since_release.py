"""Whether a subject leaks since a release: with it, and not before."""

from __future__ import annotations

from dataclasses import replace

from leakdoc.detection.detectors.builds import lives_of
from leakdoc.detection.diagnosis import diagnose
from leakdoc.detection.policies import Policies
from leakdoc.model.decision import Decision
from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.trace import Life, Trace


def leaks_since(trace: Trace, release: str, policies: Policies) -> Diagnosis | None:
    """Return the diagnosis of a subject's processes of a release; null where they do not leak, or others leaked before.

    Args:
        release: a build as the trace calls it, or the part after the last colon (a tag).
    """
    own = [_is(life, release) for life in trace.lives]
    if not any(own):
        return None
    now = diagnose(lives_of(trace, own), policies=policies)
    if not now.decision.is_fault:
        return None
    began = min(float(trace.times[life.first]) for life, mine in zip(trace.lives, own, strict=True) if mine)
    earlier = [not mine and float(trace.times[life.first]) < began for life, mine in zip(trace.lives, own, strict=True)]
    if any(earlier) and diagnose(lives_of(trace, earlier), policies=policies).decision is Decision.LEAKING:
        return None
    told = "before it: no leak" if any(earlier) else "before it: no samples in the window"
    return replace(now, notes=(*now.notes, f"leaks since {release}; {told}"))


def runs(trace: Trace, release: str) -> bool:
    """Whether a process of a subject is of a release."""
    return any(_is(life, release) for life in trace.lives)


def _is(life: Life, release: str) -> bool:
    return life.version is not None and release in (life.version, life.version.rpartition(":")[2])
