"""`--help` reads well at 80 columns, and its examples are commands that parse."""

from __future__ import annotations

import re
import shlex

import pytest

from leakdoc.cli.main import main
from leakdoc.cli.parser import COMMANDS, full_parser

NAMES = [command.name for command in COMMANDS]


def help_of(name: str | None, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"] if name else ["--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", [None, *NAMES])
def test_help_fits_eighty_columns(name: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    text = help_of(name, capsys)
    assert max(map(len, text.splitlines())) <= 80
    assert "==SUPPRESS==" not in text


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_in_help_parse(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = help_of(name, capsys)
    _, _, after = text.partition("example")
    for line in re.findall(r"^ {2}(leakdoc .+)$", after, re.MULTILINE):
        words = shlex.split(line.split(" > ")[0], comments=True)
        assert full_parser().parse_args(words[1:]).execute


def test_help_lists_every_command_with_its_job(capsys: pytest.CaptureFixture[str]) -> None:
    text = help_of(None, capsys)
    assert all(re.search(rf"^ +{name} +\w", text, re.MULTILINE) for name in NAMES)


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert re.fullmatch(r"leakdoc \d+\.\d+\.\d+\n", capsys.readouterr().out)


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_knows_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(name in script for name in NAMES)
