"""CSV text as records, without parsing it: counted, and cut into pieces between records.

The count is independent of the parser that reads the rows, and runs at the speed of memory: bytes
other than quotes and newlines are taken out, pairs of quotes cancel each other, and what is left
between an odd and an even quote lies inside a field.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from headwater.kinds.source.readers.dialect import Dialect

_BLANK: Final = re.compile(rb"(?:\A|(?<=\n))\r?\n")
_MAYBE_BLANK: Final = re.compile(rb"\n\r?\n")
_LONGEST_RECORD_LINES: Final = 10_000
_MOST_ATTEMPTS: Final = 200


def count_records(piece: bytes, dialect: Dialect, width: int) -> int:
    r"""How many records the piece holds: newlines outside of quotes, blank lines aside.

    In a file of one column a blank line is a record. A last line without newline counts.

    >>> count_records(b'a,b\n"x\ny",2\n\nz,3', Dialect(), 2)
    3
    """
    if not piece:
        return 0
    quote = dialect.mark
    if not dialect.doubles:
        escape = dialect.escape.encode()
        piece = piece.replace(escape * 2, b"").replace(escape + quote, b"")
    outside = piece
    if quote in piece:
        kept = piece.translate(None, bytes(set(range(256)) - {10, quote[0]}))
        kept = kept.replace(quote * 2, b"")
        newlines = b"".join(kept.split(quote)[::2]).count(b"\n") if quote in kept else len(kept)
    else:
        newlines = piece.count(b"\n")
    count = newlines + (not piece.endswith(b"\n"))
    starts_blank = piece.startswith((b"\n", b"\r\n"))
    if width > 1 and (starts_blank or _MAYBE_BLANK.search(piece)):
        if quote in piece:
            outside = (quote + quote).join(piece.split(quote)[::2])
        count -= len(_BLANK.findall(outside))
    return count


def cut_pieces(blocks: Iterable[bytes], dialect: Dialect, piece_bytes: int) -> Iterator[bytes]:
    """The same bytes in pieces that end where a record ends."""
    held: list[bytes] = []
    size = 0
    inside = False  # whether what is held ends within quotes
    for block in blocks:
        size += len(block)
        if size < piece_bytes:
            held.append(block)
            inside ^= block.count(dialect.mark) % 2 == 1
            continue
        cut = _last_record_end(block, dialect, inside) if dialect.doubles else 0
        if cut:
            yield b"".join([*held, memoryview(block)[:cut]])
            held = [block[cut:]]
        else:
            held = [b"".join([*held, block])]
            late = size > 4 * piece_bytes or not dialect.doubles
            if late and (cut := _exact_record_end(held[0], dialect)):
                yield held[0][:cut]
                held = [held[0][cut:]]
        size = len(held[0])
        inside = held[0].count(dialect.mark) % 2 == 1
    rest = b"".join(held)
    if rest:
        yield rest


def _last_record_end(block: bytes, dialect: Dialect, inside: bool) -> int:
    """After the last newline outside of quotes; 0 if there is none near the end.

    `inside` says whether the block begins within quotes.
    """
    quote = dialect.mark
    at = block.rfind(b"\n")
    if at < 0 or (not inside and quote not in block):
        return at + 1
    inside ^= block.count(quote, 0, at) % 2 == 1
    for _ in range(_LONGEST_RECORD_LINES):
        if not inside:
            return at + 1
        before = block.rfind(b"\n", 0, at)
        if before < 0:
            return 0
        inside ^= block.count(quote, before, at) % 2 == 1
        at = before
    return 0


def _exact_record_end(data: bytes, dialect: Dialect) -> int:
    """After the last record, where stray quotes mislead the quick way."""
    last = 0
    for _, fields, end in split_records(data, dialect):
        if fields is not None:
            last = end
    return last if last < len(data) or data.endswith(b"\n") else 0


#: A record without its line end, the number of its fields as `Dialect.fields_in` says, and where
#: it ends in the text. A plain tuple: one is made for each record of a piece.
Record = tuple[bytes, int | None, int]


def split_records(data: bytes, dialect: Dialect) -> Iterator[Record]:
    """Every record and blank line, exactly. A quote that never closes spoils only its own line."""
    mark, delimiter = dialect.mark, dialect.delimiter.encode()
    at = 0
    size = len(data)
    while at < size:
        end = data.find(b"\n", at)
        end = size if end < 0 else end
        line = data[at:end]
        if line.endswith(b"\r"):
            line = line[:-1]
        if mark in line or b"\r" in line:
            fields = dialect.fields_in(line)
            if fields is None:
                line, fields, end = _longer_record(data, at, end, line, dialect)
        else:
            fields = line.count(delimiter) + 1
        at = end + 1
        yield line, fields, min(at, size)


def _longer_record(
    data: bytes, at: int, end: int, line: bytes, dialect: Dialect
) -> tuple[bytes, int | None, int]:
    """The record that goes on over line ends; its first line if it never becomes whole."""
    close = end
    for _ in range(_MOST_ATTEMPTS):
        # It goes on at least to the line with the next quote.
        quote = data.find(dialect.mark, close)
        if quote < 0:
            break
        close = data.find(b"\n", quote)
        close = len(data) if close < 0 else close
        longer = data[at:close].removesuffix(b"\r")
        fields = dialect.fields_in(longer)
        if fields is not None:
            return longer, fields, close
        if close == len(data):
            break
    return line, None, end


def nth_records(
    data: bytes, dialect: Dialect, width: int, count: int, wanted: Collection[int]
) -> dict[int, bytes]:
    """The text of some of the `count` records, by position from 1."""
    lines = data.count(b"\n") + (not data.endswith(b"\n"))
    if lines == count:  # no record has more than a line
        split = data.split(b"\n")
        return {n: split[n - 1].removesuffix(b"\r") for n in wanted}
    found: dict[int, bytes] = {}
    number = 0
    for text, _, _ in split_records(data, dialect):
        if text or width == 1:
            number += 1
            if number in wanted:
                found[number] = text
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """A piece with its malformed records apart.

    `good` holds `good_count` well-formed records of at most `longest` bytes; `bad` says position in
    the piece (from 1), text and reason of each of the others.
    """

    good: bytes
    good_count: int
    longest: int
    bad: tuple[tuple[int, str, str], ...]

    @property
    def count(self) -> int:
        """All records of the piece."""
        return self.good_count + len(self.bad)


def sort_records(piece: bytes, dialect: Dialect, width: int) -> Sorted:
    """Set aside every record that has not `width` fields, or is not UTF-8."""
    good: list[bytes] = []
    bad: list[tuple[int, str, str]] = []
    number = 0
    for text, fields, _ in split_records(piece, dialect):
        if not text and width > 1:
            continue
        number += 1
        if fields == width and text.isascii():
            good.append(text)
            continue
        reason = _fault(text, fields, width, dialect)
        if reason:
            bad.append((number, text.decode("utf-8", errors="replace"), reason))
        else:
            good.append(text)
    joined = b"\n".join(good) + (b"\n" if good else b"")
    longest = max(map(len, good), default=0)
    return Sorted(good=joined, good_count=len(good), longest=longest, bad=tuple(bad))


def _fault(text: bytes, fields: int | None, width: int, dialect: Dialect) -> str:
    if fields is None:
        return "malformed: a quote is not closed"
    if fields < 0:
        return "malformed: a quote or line end inside a field"
    trailing = fields == width + 1 and text.endswith(dialect.delimiter.encode())
    if fields != width and not trailing:
        return f"malformed: {fields} columns instead of {width}"
    try:
        text.decode()
    except UnicodeDecodeError:
        return "malformed: not UTF-8"
    return ""
