"""Lines and JSON values of a file of any size, in whatever encoding it was written, one after another."""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from leakdoc.errors import DamagedSource, UnreadableSource
from leakdoc.playbook.records.understanding import Understanding
from leakdoc.redact import inert

_CHUNK: Final = 1 << 20  # characters read at a time
_GZIP: Final = b"\x1f\x8b"
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def opened(path: Path) -> io.TextIOWrapper:
    """Open a record as text; bytes that its encoding does not know become replacement characters.

    Raises:
        UnreadableSource: it is missing, a folder, not permitted, or empty.
    """
    name = inert(str(path))
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise UnreadableSource(
                f"{name} is a pipe or a device, and a record is read more than once", help="Write it into a file first."
            )
        with path.open("rb") as raw:
            head = raw.read(4096)
        if head.startswith(_GZIP):
            raise UnreadableSource(f"the record is compressed: {name}", help="Unpack it first, with `gunzip -k`.")
        if not head.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
            raise UnreadableSource(
                f"the record is empty: {name}", help="Give the file that the incident was recorded in."
            )
        return path.open(encoding=_encoding(head), errors="replace", newline="\n")
    except OSError as error:
        wanted = "Give a file; what comes through a pipe has to be written into one first."
        raise UnreadableSource(f"cannot read the record {name}: {error.strerror}", help=wanted) from None


def _encoding(head: bytes) -> str:
    marked = next((encoding for bom, encoding in _BOMS if head.startswith(bom)), None)
    if marked is not None:
        return marked
    if head[1:2] == b"\0" and head[3:4] == b"\0":
        return "utf-16-le"
    if head[:1] == b"\0" and head[2:3] == b"\0":
        return "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return _legacy(head)
    return "utf-8"


def _legacy(head: bytes) -> str:
    """Return the encoding of text that is no UTF-8: GB18030 where it reads as Chinese, else Windows' Western one."""
    try:
        text = codecs.getincrementaldecoder("gb18030")().decode(head)
    except UnicodeDecodeError:
        return "cp1252"
    wide = [character for character in text if ord(character) > 127]
    chinese = sum("\u4e00" <= character <= "\u9fff" or character in "，。：；（）" for character in wide)
    return "gb18030" if wide and chinese > 0.8 * len(wide) else "cp1252"


def json_lines(path: Path, noted: Understanding) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of a JSON Lines file with their line numbers; what is none is noted and left out."""
    with opened(path) as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                torn = not line.endswith("\n")
                noted.skip("a last line that is cut off" if torn else "a line that is no JSON", f"line {number}")
                continue
            if isinstance(value, dict):
                yield number, value
            else:
                noted.skip("a line that is no JSON object", f"line {number}")


def json_items(path: Path, keys: tuple[str, ...], noted: Understanding) -> Iterator[dict[str, Any]]:
    """Yield the objects of the array under the first of these keys of a JSON document, without holding the rest.

    Args:
        keys: names of the array; none for a document that is an array itself.
    """
    with opened(path) as file:
        text = _Growing(file)
        if not text.seek_array(keys):
            raise DamagedSource(
                f"no list of {' or '.join(keys) or 'events'} in {inert(str(path))}",
                help="Leave --format out, and what it is will be recognised.",
            )
        for number in range(1, 1 << 62):
            try:
                found, value = text.next_value()
            except (ValueError, RecursionError):
                noted.skip("the rest of a document that is cut off or damaged", f"item {number}")
                return
            if not found:
                return
            if isinstance(value, dict):
                yield value
            else:
                noted.skip("an item that is no JSON object", f"item {number}")


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the JSON objects of a list; of what is none, nothing."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


class _Growing:
    """A text that is read as far as it is needed, and forgotten behind."""

    def __init__(self, file: io.TextIOWrapper) -> None:
        self._file = file
        self._text = ""
        self._at = 0
        self._decoder = json.JSONDecoder()

    def seek_array(self, keys: tuple[str, ...]) -> bool:
        """Stand behind the bracket that opens the array."""
        self._more()
        if not keys:
            self._at = self._text.find("[") + 1
            return self._at > 0
        while True:
            places = [(self._text.find(f'"{key}"'), len(key) + 2) for key in keys]
            for place, length in sorted(each for each in places if each[0] >= 0):
                rest = self._text[place + length : place + length + 64].lstrip()
                if rest.startswith(":") and rest[1:].lstrip().startswith("["):
                    self._at = self._text.index("[", place) + 1
                    return True
            if not self._more():
                return False

    def next_value(self) -> tuple[bool, Any]:
        """Return whether there is another value, and it.

        Raises:
            ValueError: the text ends inside it.
        """
        while True:
            self._skip(" \t\r\n,")
            if self._at < len(self._text) and self._text[self._at] == "]":
                return False, None
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except ValueError:
                if not self._more():
                    raise
                continue
            self._text, self._at = self._text[end:], 0
            return True, value

    def _skip(self, characters: str) -> None:
        while True:
            while self._at < len(self._text) and self._text[self._at] in characters:
                self._at += 1
            if self._at < len(self._text) or not self._more():
                return

    def _more(self) -> bool:
        chunk = self._file.read(max(_CHUNK, len(self._text)))
        self._text += chunk
        return bool(chunk)
