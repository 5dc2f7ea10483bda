"""What a process is made to run never fails in it: a failure would end its main thread."""

from __future__ import annotations

from pathlib import Path

import pytest

from leakdoc.attach.needle import code_for


@pytest.mark.parametrize("text", [None, "raise SystemExit(3)", "1 / 0", "not python", "raise KeyboardInterrupt"])
def test_nothing_comes_out_and_no_name_stays(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "go.py"
    if text is not None:
        path.write_text(text)
    code = code_for(str(path))
    assert code.endswith(b"\0")
    namespace: dict[str, object] = {}
    exec(compile(code.rstrip(b"\0"), "<string>", "exec"), namespace)
    assert set(namespace) == {"__builtins__"}


def test_what_the_file_does_is_done(tmp_path: Path) -> None:
    done = tmp_path / "done"
    (tmp_path / "go.py").write_text(f"import os; os.mkdir({str(done)!r})")
    exec(compile(code_for(str(tmp_path / "go.py")).rstrip(b"\0"), "<string>", "exec"), {})
    assert done.exists()
