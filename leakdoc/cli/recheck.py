"""``leakdoc recheck PROOF``."""

from __future__ import annotations

import argparse

from leakdoc.cli.exit_codes import COULD_NOT, proof_code
from leakdoc.cli.options import add_json
from leakdoc.cli.output import print_json, print_lines


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "The file's hash, its decision and every check are computed anew from the\n"
        "samples inside it. It shows that the decision follows from the samples; only a\n"
        "signature says whose samples they are.\n\n"
        "With --require-signature it must carry the signature of one of the signers in a\n"
        "file as ssh-keygen reads it: NAME KEYTYPE KEY, a line each.\n\n"
        "exit codes: as `leakdoc verify` had, and 4 when the file does not match"
    )
    parser.add_argument("proof", metavar="PROOF", help="a file that `leakdoc verify --proof` wrote")
    parser.add_argument(
        "--require-signature", metavar="ALLOWED_SIGNERS", help="refuse a proof that none of them signed"
    )
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Recompute, and say whether it matches."""
    from leakdoc.reporting.proof_text import recheck_lines
    from leakdoc.verification.recheck import recheck, recheck_document

    result = recheck(args.proof, allowed_signers=args.require_signature)
    if args.json:
        print_json(recheck_document(result))
    else:
        print_lines(
            recheck_lines(
                result.decision,
                matches=result.matches,
                differences=result.differences,
                notes=result.notes,
                origin=result.origin,
            )
        )
    return COULD_NOT if result.decision is None or not result.matches else proof_code(result.decision)
