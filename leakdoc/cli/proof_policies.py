"""The thresholds of commands that compare: those of the detectors, and those of the comparison itself."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Final

from leakdoc.cli.options import policies_of
from leakdoc.errors import UsageError
from leakdoc.redact import inert

if TYPE_CHECKING:
    from leakdoc.detection.policies import Policies
    from leakdoc.verification.policy import VerificationPolicy

_OWN: Final = "verification."


def judging_of(args: argparse.Namespace) -> tuple[Policies | None, VerificationPolicy]:
    """Return the detectors' policies and that of the comparison, as --policy and the options beside it set them."""
    from leakdoc.detection.policy import with_setting
    from leakdoc.verification.policy import VerificationPolicy

    _refuse_unknown(args.policy)
    policy = VerificationPolicy()
    own = [text for text in args.policy if text.strip().startswith(_OWN)]
    for text in own:
        name, _, value = text.strip().removeprefix(_OWN).partition("=")
        policy = with_setting(policy, name.strip(), value)
    others = [text for text in args.policy if text not in own]
    return policies_of(argparse.Namespace(**{**vars(args), "policy": others})), policy


def _refuse_unknown(texts: Sequence[str]) -> None:
    if not texts:
        return
    from leakdoc.detection.policies import Policies

    known = [*(each.name for each in fields(Policies)), _OWN.rstrip(".")]
    for text in texts:
        if "=" not in text or text.strip().partition(".")[0] not in known:
            told = f"Write it like verification.flat_share=0.1; there are policies for {', '.join(known)}."
            raise UsageError(f"not a policy setting: {inert(text)!r}", help=told)
