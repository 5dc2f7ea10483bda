"""The proof's document: exact samples inside, sealed, and refused wherever it was changed."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import os
import stat
import zlib
from pathlib import Path

import numpy as np
import pytest
import rfc8785

from leakdoc.errors import DamagedSource, RecordingError, UnreadableSource
from leakdoc.model.decision import ProofDecision
from leakdoc.model.exact_samples import decode, encode
from leakdoc.model.proof_document import hash_of, proof_document
from leakdoc.verification.policy import VerificationPolicy
from leakdoc.verification.read import read_proof
from leakdoc.verification.rebuild import traces_of
from leakdoc.verification.recheck import recheck
from leakdoc.verification.verify import verify
from leakdoc.verification.write import write_proof
from tests.unit.verification_scenes import KIB, LATER, ages, leaky, sound

GROWN = np.floor(3.0 * ages())


@pytest.fixture(scope="module")
def proof():
    before = leaky(ages(), connections=GROWN, **{"to_10.0.0.5": GROWN})
    return verify(before, sound(ages(), connections=2.0, **{"to_10.0.0.5": 2.0}))


@pytest.fixture
def document(proof):
    return json.loads(json.dumps(proof_document(proof)))


def kept(document, tmp_path: Path, *, seal: bool = False) -> Path:
    if seal:
        document["sha256"] = hash_of(document)
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_document_has_the_contract_s_parts(document):
    assert document["schema"] == "leakdoc.proof/1"
    assert document["decision"] == "normalized"
    assert {"reason", "checks", "before", "after", "parameters", "samples", "sha256"} <= set(document)
    assert all(set(check) == {"name", "outcome", "reason", "numbers"} for check in document["checks"])


def test_samples_are_exact_little_endian_doubles(proof, document):
    packed = base64.b64decode(document["samples"]["before"]["rss_bytes"])
    values = np.frombuffer(zlib.decompress(packed), dtype="<f8")
    assert np.array_equal(values, proof.before.trace.column("rss_bytes"))
    times = np.frombuffer(zlib.decompress(base64.b64decode(document["samples"]["after"]["time"])), dtype="<f8")
    assert np.array_equal(times, proof.after.trace.times)


def test_hash_is_over_the_canonical_json_without_itself(document):
    sealed = document.pop("sha256")
    assert sealed == hashlib.sha256(rfc8785.dumps(document)).hexdigest()


def test_traces_come_back_as_they_were(proof, document):
    for trace, again in zip((proof.before.trace, proof.after.trace), traces_of(document), strict=True):
        assert again.subject == trace.subject
        assert again.lives == trace.lives
        assert again.facts == trace.facts
        assert again.times.tobytes() == trace.times.tobytes()
        assert {column: values.tobytes() for column, values in again.columns.items()} == {
            column: values.tobytes() for column, values in trace.columns.items()
        }


def test_untouched_file_matches(proof, tmp_path):
    result = recheck(write_proof(proof, tmp_path / "proof.json"))
    assert result.matches
    assert result.differences == ()
    assert result.decision is ProofDecision.NORMALIZED
    assert "unverified" in result.origin


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_file_is_readable_by_its_owner_only_and_leaves_nothing_beside(proof, tmp_path):
    path = write_proof(proof, tmp_path / "proof.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["proof.json"]


def test_folder_that_is_not_there_is_told(proof, tmp_path):
    with pytest.raises(RecordingError):
        write_proof(proof, tmp_path / "nowhere" / "proof.json")


def _decision(document):
    document["decision"] = "worse"


def _reason(document):
    document["reason"] = "all is well"


def _outcome(document):
    document["checks"][0]["outcome"] = "failed"


def _number(document):
    exposure = next(check for check in document["checks"] if check["name"] == "exposure")
    exposure["numbers"]["expected"] *= 1.0 + 1e-6


def _fewer_checks(document):
    del document["checks"][3]


def _extra(document):
    document["approved"] = True


def _side(document):
    document["before"]["decision"] = "stable"


def _findings(document):
    document["after"]["findings"] = []


def _parameter(document):
    document["parameters"]["verification"]["exposure_noise"] = 4.0


def _unknown_parameter(document):
    document["parameters"]["verification"]["lenient"] = 1.0


def _sample(document):
    values = decode(document["samples"]["after"]["rss_bytes"], most=1_000).copy()
    values[-1] += 4_096.0
    document["samples"]["after"]["rss_bytes"] = encode(values)


def _life(document):
    document["after"]["lives"][0]["started_at_s"] += 3.0


@pytest.mark.parametrize(
    "change",
    (
        *(_decision, _reason, _outcome, _number, _fewer_checks, _extra, _side, _findings),
        *(_parameter, _unknown_parameter, _sample, _life),
    ),
)
def test_any_edit_is_refused(document, tmp_path, change):
    before = copy.deepcopy(document)
    change(document)
    assert document != before
    result = recheck(kept(document, tmp_path))
    assert not result.matches
    assert result.differences[0].startswith("sha256")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_decision, "decision"),
        (_reason, "reason"),
        (_outcome, "checks[0].outcome"),
        (_number, ".numbers.expected"),
        (_fewer_checks, "entries, recomputed"),
        (_extra, "approved"),
        (_side, "before.decision"),
        (_findings, "after.findings"),
        (_unknown_parameter, "parameters.verification.lenient"),
    ],
)
def test_conclusion_that_was_forged_and_sealed_again_is_refused_by_name(document, tmp_path, change, named):
    change(document)
    result = recheck(kept(document, tmp_path, seal=True))
    assert not result.matches
    assert named in result.differences[0]


def test_unfixed_after_cannot_be_passed_off_as_normalized(document, tmp_path):
    """The samples of an unfixed service under the conclusions of a fixed one."""
    unfixed = json.loads(json.dumps(proof_document(verify(leaky(ages()), leaky(ages(), at=LATER)))))
    forged = unfixed | {key: document[key] for key in ("decision", "reason", "checks")}
    result = recheck(kept(forged, tmp_path, seal=True))
    assert not result.matches
    assert result.decision is ProofDecision.NOT_FIXED


def test_bundle_that_is_consistent_throughout_is_accepted_with_its_origin_unverified(tmp_path):
    other = verify(leaky(ages(), rate=300.0 * KIB), sound(ages()))
    result = recheck(write_proof(other, tmp_path / "proof.json"))
    assert result.matches
    assert result.origin.startswith("origin unverified")


def test_lenient_thresholds_are_told(tmp_path):
    lenient = verify(leaky(ages()), sound(ages()), verification=VerificationPolicy(exposure_noise=1.0))
    result = recheck(write_proof(lenient, tmp_path / "proof.json"))
    assert result.matches
    assert any("verification.exposure_noise is 1.0 where 3.0 is usual" in note for note in result.notes)


def _older(document):
    """As a leakdoc wrote it that did not know one threshold, one policy and one check."""
    document["parameters"]["leakdoc"] = "0.0.9"
    del document["parameters"]["verification"]["pauses"]
    del document["parameters"]["half_open"]
    document["checks"] = [each for each in document["checks"] if each["name"] != "no_other_fault"]


def test_proof_of_an_older_version_stays_checkable(document, tmp_path):
    _older(document)
    result = recheck(kept(document, tmp_path, seal=True))
    assert result.matches, result.differences
    told = "\n".join(result.notes)
    assert "made by leakdoc 0.0.9" in told
    assert "verification.pauses is not stated, and taken as usual" in told
    assert "half_open is not stated" in told
    assert "no_other_fault was not asked then; now: passed" in told


@pytest.mark.parametrize("dropped", [("verification", "pauses"), ("half_open",)])
def test_thresholds_that_its_version_knew_cannot_be_dropped(document, tmp_path, dropped):
    place = document["parameters"] if len(dropped) == 1 else document["parameters"][dropped[0]]
    del place[dropped[-1]]
    result = recheck(kept(document, tmp_path, seal=True))
    assert not result.matches
    assert dropped[0] in result.differences[0]


def test_an_older_version_is_no_way_to_forge_a_decision(tmp_path):
    """What an older version did not ask still counts: the decision must be that of all checks."""
    kills = np.where(ages() > 20.0, 1.0, 0.0)
    killed = json.loads(json.dumps(proof_document(verify(leaky(ages()), sound(ages(), oom_kills_total=kills)))))
    sound_one = json.loads(json.dumps(proof_document(verify(leaky(ages()), sound(ages(), oom_kills_total=0.0)))))
    killed |= {key: sound_one[key] for key in ("decision", "reason")}
    killed["checks"] = [each for each in killed["checks"] if each["name"] != "no_oom_kill"]
    killed["parameters"]["leakdoc"] = "0.0.9"
    result = recheck(kept(killed, tmp_path, seal=True))
    assert not result.matches
    assert result.differences[0].startswith("decision: says")


def test_proof_by_other_rules_of_the_same_version_says_so_and_is_no_way_to_forge_one(document, tmp_path):
    document["parameters"]["rules"] = "0123456789abcdef"
    found = recheck(kept(document, tmp_path, seal=True))
    assert found.matches and any("other rules" in each for each in found.notes)
    document["decision"] = "worse"
    found = recheck(kept(document, tmp_path, seal=True))
    assert not found.matches and any("other rules" in each for each in found.notes)


def _bomb(document):
    document["samples"]["after"]["rss_bytes"] = base64.b64encode(zlib.compress(bytes(2**26), 9)).decode()


def _not_base64(document):
    document["samples"]["after"]["rss_bytes"] = "not base64!"


def _torn(document):
    document["samples"]["before"]["time"] = document["samples"]["before"]["time"][:-8]


def _no_samples(document):
    document["samples"] = {}


def _lives_that_overlap(document):
    document["before"]["lives"] *= 2


def _endless_time(document):
    times = decode(document["samples"]["before"]["time"], most=1_000).copy()
    times[-1] = np.inf
    document["samples"]["before"]["time"] = encode(times)


def _times_beyond_any_calendar(document):
    document["samples"]["after"]["time"] = encode(1e300 + decode(document["samples"]["after"]["time"], most=1_000))


def _life_beyond_any_calendar(document):
    document["after"]["lives"][0]["started_at_s"] = 1e300


def _threshold_of_another_kind(document):
    document["parameters"]["growth"]["bins"] = "many"


def _no_thresholds(document):
    del document["parameters"]["growth"]


def _absurd_threshold(document):
    document["parameters"]["growth"]["bins"] = -3.5


@pytest.mark.parametrize(
    "change",
    (
        *(_bomb, _not_base64, _torn, _no_samples, _lives_that_overlap, _endless_time),
        *(_times_beyond_any_calendar, _life_beyond_any_calendar),
        *(_threshold_of_another_kind, _no_thresholds, _absurd_threshold),
    ),
)
def test_what_cannot_be_rebuilt_is_refused_and_nothing_is_unpacked_beyond_its_size(document, tmp_path, change):
    change(document)
    result = recheck(kept(document, tmp_path, seal=True))
    assert not result.matches
    assert result.differences


@pytest.mark.parametrize(
    "text",
    (
        *("", "{", "[]", "null", "[" * 100_000, '{"a": NaN}', '{"a": ' + "9" * 5_000 + "}"),
        *('{"schema": "leakdoc.diagnosis/1"}', '{"schema": "leakdoc.proof/1"}'),
        '{"schema": "leakdoc.proof/1", "schema": "leakdoc.proof/1"}',
    ),
)
def test_what_is_no_proof_at_all_is_refused(text, tmp_path):
    path = tmp_path / "proof.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises((DamagedSource, UnreadableSource)):
        read_proof(path)


def test_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UnreadableSource):
        recheck(tmp_path / "nothing.json")
