"""Pictures that people hand in: judged by what they are, not by what they are called, and drawn anew."""

from __future__ import annotations

import io
import warnings

from PIL import Image, UnidentifiedImageError

from app.domain.errors import N_, Refused

MOST_BYTES = 2 * 1024**2
MOST_PIXELS = 25_000_000  # a few kilobytes can claim to be gigabytes
_HEIGHT = 100  # twice what is shown, for fine screens
_WIDTH = 600


def clean_logo(content: bytes) -> bytes:
    """A PNG of at most 100 × 600 pixels, drawn anew from `content`, so that nothing rides along.

    Raises `Refused` for what is no PNG or JPEG, or too large.
    """
    if len(content) > MOST_BYTES:
        raise Refused("logo", N_("The picture is too large: at most 2 MB."))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise Refused("logo", N_("The picture has too many pixels. Make it smaller and try again."))
                drawn = picture.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError,
            Image.DecompressionBombWarning):
        raise Refused("logo", N_("This is no picture that can be read. Choose a PNG or a JPEG.")) from None
    drawn.thumbnail((_WIDTH, _HEIGHT))
    out = io.BytesIO()
    drawn.save(out, "PNG", optimize=True)
    return out.getvalue()
