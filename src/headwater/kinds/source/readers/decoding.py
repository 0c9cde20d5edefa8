"""Delivered bytes as clean UTF-8 blocks: decompressed, decoded, without a byte order mark."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterator
from typing import IO, Final, cast

from headwater.errors import Issue

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UTF8: Final = ("utf-8", "utf8", "utf-8-sig", "utf_8", "ascii")
_COMPRESSIONS: Final = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2", ".xz": "xz", ".lz4": "lz4"}


class BrokenDeliveryError(Exception):
    """A delivery cannot be read to its end: truncated, corrupt, interrupted.

    `issue` says so in words of its own where the reader knows better than "cannot be read".
    """

    def __init__(self, reason: str, issue: Issue | None = None) -> None:
        super().__init__(reason)
        self.issue = issue


def compression_of(name: str) -> str | None:
    """The compression that a file name tells, or None.

    >>> compression_of("2010-12.csv.gz"), compression_of("2010-12.csv")
    ('gzip', None)
    """
    lower = name.lower()
    return next((kind for end, kind in _COMPRESSIONS.items() if lower.endswith(end)), None)


def read_blocks(raw: IO[bytes], compression: str | None, block_bytes: int) -> Iterator[bytes]:
    """The decompressed bytes in blocks; cut short or corrupt, they raise `BrokenDeliveryError`."""
    import pyarrow as pa

    stream = _decompressed(raw, compression)
    try:
        while block := stream.read(block_bytes):
            yield block
    except (EOFError, zlib.error, pa.ArrowException, OSError, ValueError) as error:
        if compression is None:
            raise
        raise BrokenDeliveryError(f"{compression} data is cut short or corrupt: {error}") from error


def _decompressed(raw: IO[bytes], compression: str | None) -> IO[bytes]:
    if compression is None:
        return raw
    if compression == "gzip":
        import gzip

        return cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
    if compression == "xz":
        import lzma

        return cast("IO[bytes]", lzma.LZMAFile(raw))
    import pyarrow as pa

    stream: IO[bytes] = pa.CompressedInputStream(pa.PythonFile(raw, "r"), compression)
    return stream


class Decoder:
    """Turns blocks into UTF-8. Without a declared encoding it decides when it must.

    Text is UTF-8 until a block is not. If nothing but ASCII came before, and the block reads worse
    as UTF-8 than as CP1252, the file is taken to be CP1252 (Latin-1 with the printable characters
    that Windows adds); else it stays UTF-8, and the broken rows are left for the reader to reject.
    """

    def __init__(self, encoding: str | None) -> None:
        self._declared = encoding
        self._encoding: str | None = None
        self._incremental: codecs.IncrementalDecoder | None = None
        self._saw_utf8 = False

    @property
    def encoding(self) -> str:
        """What the text turned out to be in."""
        return self._encoding or "utf-8"

    def decode(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """The blocks as UTF-8; bytes that are invalid in a declared encoding raise."""
        first = next(blocks, b"")
        first = self._begin(first)
        if self._incremental is None:
            yield from self._undecided(first, blocks)
            return
        yield self._converted(first, False)
        for block in blocks:
            yield self._converted(block, False)
        yield self._converted(b"", True)

    def _begin(self, first: bytes) -> bytes:
        """Settle the encoding by declaration or byte order mark, and take the mark away."""
        mark, marked = next(((m, e) for m, e in _MARKS if first.startswith(m)), (b"", None))
        declared = self._declared.lower() if self._declared else None
        if marked is None or marked == "utf-8":
            chosen = marked or declared
            self._encoding = "utf-8" if chosen in _UTF8 else chosen
        else:
            self._encoding = marked
        if self._encoding not in (None, "utf-8"):
            self._incremental = codecs.getincrementaldecoder(self.encoding)()
        return first[len(mark) :]

    def _converted(self, block: bytes, final: bool) -> bytes:
        assert self._incremental is not None
        try:
            return self._incremental.decode(block, final).encode()
        except UnicodeDecodeError as error:
            if self._encoding == "cp1252":  # bytes that CP1252 leaves undefined
                self._incremental = codecs.getincrementaldecoder("latin-1")()
                return self._converted(block, final)
            raise BrokenDeliveryError(f"not {self.encoding}: {error.reason}") from error

    def _undecided(self, first: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
        block: bytes | None = first
        begins = True
        while block is not None:
            following = next(blocks, None)
            undecided = self._incremental is None and self._encoding is None
            if undecided and not self._saw_utf8 and not block.isascii():
                self._decide(block, begins, following is None)
            yield self._converted(block, False) if self._incremental else block
            block, begins = following, False

    def _decide(self, block: bytes, begins: bool, ends: bool) -> None:
        text = block.decode("utf-8", errors="replace")
        broken = text.count("\ufffd")
        # A character that the border of two blocks cuts is no evidence.
        broken -= (not begins and text.startswith("\ufffd")) + (
            not ends and text.endswith("\ufffd")
        )
        multibyte = len(block) - len(text)
        if multibyte > 4 * max(broken, 0):
            self._saw_utf8 = True
        elif broken > 0:
            self._encoding = "cp1252"
            self._incremental = codecs.getincrementaldecoder("cp1252")()
