"""Logos are what they are, not what they are called."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from app.domain.errors import Refused
from app.services.pictures import MOST_BYTES, clean_logo


def drawn(kind: str, size: tuple[int, int], mode: str = "RGB", **more: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, kind, **more)
    return out.getvalue()


@pytest.mark.parametrize(("kind", "mode", "size"), [
    ("PNG", "RGBA", (300, 200)), ("JPEG", "RGB", (2000, 400)), ("PNG", "P", (10, 10)), ("JPEG", "CMYK", (90, 90)),
    ("PNG", "I;16", (40, 40)),
])
def test_a_picture_is_drawn_anew_and_small(kind: str, mode: str, size: tuple[int, int]) -> None:
    with Image.open(io.BytesIO(clean_logo(drawn(kind, size, mode)))) as picture:
        assert picture.format == "PNG" and picture.height <= 100 and picture.width <= 600


def test_nothing_rides_along() -> None:
    jpeg = drawn("JPEG", (60, 60), comment=b"<script>alert(1)</script>") + b"<?php evil ?>"
    assert b"script" not in clean_logo(jpeg) and b"php" not in clean_logo(jpeg)


def bomb() -> bytes:
    """A few bytes that claim to be 60,000 × 60,000 pixels."""
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("content", [
    b"", b"GIF89a", b"<svg onload='alert(1)'/>", b"%PDF-1.4", b"\x89PNG\r\n\x1a\n", drawn("GIF", (9, 9)),
    drawn("PNG", (80, 80))[:-40], bomb(), b"\xff" * (MOST_BYTES + 1), drawn("PNG", (5100, 5100), "1"),
])
def test_what_is_refused(content: bytes) -> None:
    with pytest.raises(Refused) as refused:
        clean_logo(content)
    assert refused.value.code == "logo"
