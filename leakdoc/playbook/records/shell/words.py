"""A command line as tokens: words with their quotes taken off, operators, heredocs and what is substituted.

The grammar is the part of POSIX.1-2024 (2.3 token recognition, 2.7 redirection) that people type. Nothing is expanded:
`$x`, `$(…)` and globs stay in the word as they were written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

_OPERATORS: Final = ("&&", "||", ";;", "|&", "|", ";", "&", "\n", "(", ")")
_REDIRECTION: Final = re.compile(r"\d*(?:<<<|<<-?|>>|>\||&>>?|>&|<&|<>|<|>)")
_HEREDOC: Final = re.compile(r"\d*<<-?$")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, or an operator.

    Args:
        text: a word without its quotes, or the operator.
        operator: `;`, `|`, a redirection and their like; empty for a word.
        inside: the scripts of `$(…)` and backquotes in the word.
        raw: as it was written.
        document: what a heredoc holds.
    """

    text: str
    operator: str = ""
    inside: tuple[str, ...] = ()
    raw: str = ""
    document: str = ""


@dataclass(slots=True)
class _Reader:
    text: str
    at: int = 0
    tokens: list[Token] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)  # heredocs whose text begins behind the line

    def run(self) -> list[Token]:
        while self.at < len(self.text):
            self._next()
        self._fill_heredocs()
        return self.tokens

    def _next(self) -> None:
        text, at = self.text, self.at
        if text.startswith("\\\n", at):
            self.at += 2
        elif text[at] in " \t\r":
            self.at += 1
        elif text[at] == "#":
            end = text.find("\n", at)
            self.at = len(text) if end < 0 else end
        elif redirection := _REDIRECTION.match(text, at):
            self._redirect(redirection[0])
        elif operator := next((each for each in _OPERATORS if text.startswith(each, at)), None):
            self.tokens.append(Token(operator, operator=operator, raw=operator))
            self.at += len(operator)
            if operator == "\n":
                self._fill_heredocs()
        else:
            self.tokens.append(self._word())

    def _redirect(self, operator: str) -> None:
        self.at += len(operator)
        if operator.endswith("&") and self.at < len(self.text) and self.text[self.at] in "-0123456789":
            self.at += 1
            return
        if _HEREDOC.match(operator):
            self.waiting.append(len(self.tokens))
        self.tokens.append(Token(operator, operator="<<" if "<<" in operator else operator.lstrip("012"), raw=operator))

    def _fill_heredocs(self) -> None:
        for position in self.waiting:
            if position + 1 >= len(self.tokens) or self.tokens[position + 1].operator:
                continue
            marker = self.tokens[position + 1].text
            end = re.compile(rf"^\t*{re.escape(marker)}[ \t]*$", re.MULTILINE).search(self.text, self.at)
            stop = end.start() if end else len(self.text)
            document = self.text[self.at : stop]
            self.tokens[position] = Token("<<", operator="<<", raw="<<", document=document)
            self.at = end.end() if end else len(self.text)
        self.waiting = []

    def _word(self) -> Token:
        begun, parts, inside = self.at, [], []
        while self.at < len(self.text) and self.text[self.at] not in " \t\r\n;&|<>()":
            part, scripts = self._part()
            parts.append(part)
            inside += scripts
        return Token("".join(parts), inside=tuple(inside), raw=self.text[begun : self.at])

    def _part(self) -> tuple[str, list[str]]:
        text, at = self.text, self.at
        if text[at] == "'":
            return self._upto("'", at + 1), []
        if text.startswith("$'", at):
            return _escapes(self._upto("'", at + 2)), []
        if text[at] == '"':
            return self._double()
        if text[at] == "\\":
            self.at += 2
            return text[at + 1 : at + 2].replace("\n", ""), []
        if text.startswith("$(", at) or text[at] == "`" or text.startswith("${", at):
            return self._substitution()
        self.at += 1
        return text[at], []

    def _upto(self, quote: str, start: int) -> str:
        end = self.text.find(quote, start)
        if end < 0:
            raise ValueError("a quote is left open")
        self.at = end + 1
        return self.text[start:end]

    def _double(self) -> tuple[str, list[str]]:
        self.at += 1
        parts: list[str] = []
        inside: list[str] = []
        while self.at < len(self.text) and self.text[self.at] != '"':
            here = self.text[self.at]
            if here == "\\" and self.text[self.at + 1 : self.at + 2] in ('"', "\\", "$", "`", "\n"):
                parts.append(self.text[self.at + 1].replace("\n", ""))
                self.at += 2
            elif here == "`" or self.text.startswith("$(", self.at):
                part, scripts = self._substitution()
                parts.append(part)
                inside += scripts
            else:
                parts.append(here)
                self.at += 1
        if self.at >= len(self.text):
            raise ValueError("a quote is left open")
        self.at += 1
        return "".join(parts), inside

    def _substitution(self) -> tuple[str, list[str]]:
        begun = self.at
        if self.text[begun] == "`":
            return f"`{(script := self._upto('`', begun + 1))}`", [script]
        opening, closing = ("(", ")") if self.text[begun + 1] == "(" else ("{", "}")
        depth, at = 0, begun + 1
        while at < len(self.text):
            depth += (self.text[at] == opening) - (self.text[at] == closing)
            at += 1
            if depth == 0:
                break
        self.at = at
        whole = self.text[begun:at]
        return whole, [whole[2:-1]] if opening == "(" and not whole.startswith("$((") else []


def _escapes(text: str) -> str:
    for written, meant in (("\\n", "\n"), ("\\t", "\t"), ("\\'", "'"), ("\\\\", "\\")):
        text = text.replace(written, meant)
    return text


def tokens(line: str) -> list[Token]:
    """Take a command line apart; one that no shell would accept is taken apart at its blanks."""
    try:
        return _Reader(line).run()
    except ValueError:
        return [Token(word.strip("'\""), raw=word) for word in line.split()]
