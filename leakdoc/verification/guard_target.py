"""A live target guarded after a rollout: watched, and held against what was before."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from leakdoc.detection.policies import Policies
from leakdoc.model.proof import Proof
from leakdoc.sampling.sources.load import load_trace
from leakdoc.verification.growing import watching
from leakdoc.verification.guarding import Guarded, guard
from leakdoc.verification.policy import VerificationPolicy


def guard_target(
    target: int | str,
    before: Any,
    *,
    for_s: float | None = 1_800.0,
    interval_s: float = 1.0,
    record: str | os.PathLike[str] | None = None,
    load: str | None = None,
    policies: Policies | None = None,
    verification: VerificationPolicy | None = None,
    wake: threading.Event | None = None,
    on_look: Callable[[Proof], None] | None = None,
) -> Guarded:
    """Watch a new version, and say whether it does harm: decided to be worse, or killed for want of memory.

    Nothing is rolled back: that is for whoever asks.

    Args:
        target: the new version, as `leakdoc.watch` takes it.
        before: samples of the version before, as `leakdoc.verify` takes them.
        for_s: how long at most; null for no end.
        record: keeps every sample of the new version.
        load: the column of `before` that counts requests, where it is not ``requests_total``.
        wake: set to end early.
        on_look: called with the proof of each look.

    Raises:
        TargetError, SourceError, RecordingError, UsageError: as `leakdoc.watch` and `leakdoc.verify` do.
    """
    old = load_trace(before, load_column=load)
    with watching(target, interval_s=interval_s, record=record) as growing:
        return guard(
            old, growing, for_s=for_s, policies=policies, verification=verification, wake=wake, on_look=on_look
        )
