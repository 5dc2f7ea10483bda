"""What a leakdoc that was killed leaves behind is removed by the next; what a living one uses is not."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from leakdoc.attach.alone import alone
from leakdoc.attach.place import place_in, remove_leftovers
from leakdoc.errors import AttachBusy, AttachRefused
from leakdoc.sampling.procfs import ProcessDirectory


@pytest.fixture
def temporary(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def left(where: Path, name: str, *, lock: bool = True) -> Path:
    directory = where / f"leakdoc-sent-{name}"
    directory.mkdir(mode=0o700)
    (directory / "go.py").write_text("")
    if lock:
        (directory / "lock").touch()
    return directory


def test_a_directory_whose_lock_is_free_is_removed_and_one_that_is_held_is_not(tmp_path: Path, temporary: int) -> None:
    dead, living = left(tmp_path, "dead"), left(tmp_path, "living")
    with (living / "lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert remove_leftovers(temporary, {os.geteuid()}) == [dead.name]
        assert living.exists()
    assert not dead.exists()


def test_one_without_a_lock_is_removed_when_it_is_old(tmp_path: Path, temporary: int) -> None:
    young, old = left(tmp_path, "young", lock=False), left(tmp_path, "old", lock=False)
    os.utime(old, (1_000, 1_000))
    assert remove_leftovers(temporary, {os.geteuid()}) == [old.name]
    assert young.exists()


def test_what_is_somebody_elses_a_link_or_no_file_stays(tmp_path: Path, temporary: int) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (tmp_path / "leakdoc-sent-link").symlink_to(other)
    pipe = left(tmp_path, "pipe", lock=False)
    os.mkfifo(pipe / "lock")
    theirs = left(tmp_path, "theirs")
    assert remove_leftovers(temporary, {os.geteuid() + 1}) == []
    remove_leftovers(temporary, {os.geteuid()})
    assert other.exists()
    assert not theirs.exists()


def test_a_place_is_made_used_and_removed() -> None:
    with place_in(ProcessDirectory(os.getpid())) as place:
        assert place.outside.stat().st_mode & 0o777 == 0o700
        assert [each.name for each in place.outside.iterdir()] == ["lock"]
        inside = Path(place.inside)
    assert not inside.exists()


def test_only_one_is_inside_a_process() -> None:
    pid = os.getpid()
    with alone(pid), pytest.raises(AttachBusy, match="another leakdoc"), alone(pid):
        pass
    with alone(pid):
        pass
    assert not list(Path("/tmp").glob(f"leakdoc-attach-*-{pid}.lock"))


def test_where_one_place_is_not_to_be_had_the_next_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/tmp")
    (tmp_path / "next").mkdir()
    bases = (str(tmp_path / "none"), str(tmp_path / "link"), str(tmp_path / "next"))
    monkeypatch.setattr("leakdoc.attach.place.BASES", bases)
    with place_in(ProcessDirectory(os.getpid())) as place:
        assert Path(place.inside).parent == tmp_path / "next"
    assert not list((tmp_path / "next").iterdir())


def test_where_no_place_is_to_be_had_that_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("leakdoc.attach.place.BASES", (str(tmp_path / "none"),))
    with pytest.raises(AttachRefused, match="nothing can be written"), place_in(ProcessDirectory(os.getpid())):
        pass
