"""Signed proofs, and edited ones: what was edited is named, and only a signature withstands a resealing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.proof.edits import EDITS, edited, judged, key_in, names, rehashed
from leakdoc.cli.main import main
from leakdoc.errors import MissingDependency, SignatureError
from leakdoc.model.proof_document import hash_of
from leakdoc.verification.recheck import recheck
from leakdoc.verification.verify import verify
from leakdoc.verification.write import write_proof
from tests.unit.verification_scenes import LATER, ages, leaky, sound


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return key_in(tmp_path_factory.mktemp("key"))


@pytest.fixture(scope="module")
def proofs(tmp_path_factory, key):
    folder = tmp_path_factory.mktemp("proofs")
    sides = [(leaky(ages()), sound(ages())), (leaky(ages()), leaky(ages(), at=LATER))]
    paths = [write_proof(verify(*each), folder / f"{place}.json", sign=key[0]) for place, each in enumerate(sides)]
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def refuse_every_edit(proofs, many, folder, allowed):
    for edit in edited(proofs, many, seed=5):
        result = judged(edit, folder)
        assert not result.matches, edit.field
        assert names(result, edit.field), (edit.field, result.differences)
        if edit.kind != "hash":
            again = edit._replace(document=rehashed(edit.document))
            result = judged(again, folder, allowed)
            assert not result.matches
            assert any("signature: is not that of this file" in each for each in result.differences)
            assert result.origin.startswith("origin unverified")


def test_every_edit_is_refused_and_what_was_edited_is_named(proofs, tmp_path, key):
    refuse_every_edit(proofs, 6 * len(EDITS), tmp_path, key[1])


@pytest.mark.soak
def test_five_hundred_edits_are_refused(proofs, tmp_path, key):
    refuse_every_edit(proofs, 500, tmp_path, key[1])


def test_what_is_consistent_throughout_is_accepted_with_its_origin_unverified(proofs, tmp_path, key):
    edit = next(each for each in edited(proofs, 200, seed=5) if each.kind == "parameter")
    result = judged(edit._replace(document=rehashed(edit.document)), tmp_path)
    assert result.matches or result.differences
    assert result.origin.startswith("origin unverified")


@pytest.fixture
def written(proofs, tmp_path):
    def write(document, name="proof.json") -> str:
        path = tmp_path / name
        path.write_text(json.dumps(document), encoding="utf-8")
        return str(path)

    return write


def test_signer_is_named(proofs, written, key, capsys):
    assert main(["recheck", written(proofs[0]), "--require-signature", str(key[1])]) == 0
    out = capsys.readouterr().out
    assert "signed by release@example.org" in out
    assert "unverified" not in out


def test_decision_that_was_signed_keeps_its_exit_code(proofs, written, key):
    assert main(["recheck", written(proofs[1]), "--require-signature", str(key[1])]) == 1


def test_unsigned_proof_is_refused_where_a_signature_is_required(proofs, written, key, capsys):
    bare = {name: value for name, value in proofs[0].items() if name != "signature"}
    assert main(["recheck", written(bare)]) == 0
    assert "origin unverified" in capsys.readouterr().out
    assert main(["recheck", written(bare), "--require-signature", str(key[1])]) == 4
    assert "signature: is missing" in capsys.readouterr().out


def test_stranger_is_refused(proofs, written, tmp_path, capsys):
    _, others = key_in(tmp_path, "other")
    assert main(["recheck", written(proofs[0]), "--require-signature", str(others)]) == 4
    assert "by nobody who may sign" in capsys.readouterr().out


@pytest.mark.parametrize(
    "signature", ["", "garbage", "-----BEGIN SSH SIGNATURE-----\nU1NI\n-----END SSH SIGNATURE-----"]
)
def test_broken_signature_is_refused(proofs, written, key, signature):
    assert main(["recheck", written({**proofs[0], "signature": signature}), "--require-signature", str(key[1])]) == 4


def test_signature_that_was_not_asked_for_is_noted(proofs, written, capsys):
    assert main(["recheck", written(proofs[0])]) == 0
    assert "--require-signature" in capsys.readouterr().out


def test_missing_allowed_signers_is_a_wrong_command_line(proofs, written, capsys):
    assert main(["recheck", written(proofs[0]), "--require-signature", "/nowhere"]) == 2
    assert "allowed signers cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--sign", "/nowhere", "--proof", "p.json"], ["--sign", "KEY"]])
def test_key_that_is_not_there_is_refused_before_anything_is_computed(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["verify", "no.csv", "no.csv", *words]) == 2
    assert "--sign KEY" in capsys.readouterr().err
    assert not Path("p.json").exists()


def test_file_that_is_no_key_signs_nothing(tmp_path):
    fake = tmp_path / "fake"
    fake.write_text("no key", encoding="utf-8")
    with pytest.raises(SignatureError, match="cannot be signed with fake"):
        write_proof(verify(leaky(ages()), sound(ages())), tmp_path / "p.json", sign=fake)
    assert not (tmp_path / "p.json").exists()


def test_missing_program_is_told_with_what_installs_it(tmp_path, key, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependency, match="openssh-client"):
        write_proof(verify(leaky(ages()), sound(ages())), tmp_path / "p.json", sign=key[0])


def test_file_without_digests_of_its_parts_is_read_too(proofs, tmp_path):
    bare = {name: value for name, value in proofs[0].items() if name not in ("digests", "signature")}
    file = tmp_path / "old.json"

    file.write_text(json.dumps({**bare, "sha256": hash_of(bare)}), encoding="utf-8")
    assert recheck(file).matches
