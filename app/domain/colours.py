"""Colours and whether they can be read on one another. Source: WCAG 2.2, "relative luminance" and "contrast ratio"."""

from __future__ import annotations

import re

from app.domain.errors import N_, Refused

READABLE = 4.5  # normal text, level AA
_COLOUR = re.compile(r"#[0-9a-f]{6}")


def luminance(colour: str) -> float:
    """Of "#rrggbb", from 0 (black) to 1 (white)."""
    parts = (int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def clean_brand(raw: str) -> str:
    """`raw` as "#rrggbb" in lower case. Raises `Refused` where it is no colour, or white words on it cannot be read."""
    colour = raw.strip().lower()
    colour = colour if colour.startswith("#") else f"#{colour}"
    if not _COLOUR.fullmatch(colour):
        raise Refused("brand", N_("Give a colour as # and six digits or letters a to f, for example #0b6b50."))
    found = contrast(colour, "#ffffff")
    if found < READABLE:
        raise Refused(
            "brand",
            N_("White words on this colour are hard to read (contrast %(found)s, needed 4.5). Take a darker one."),
            found=f"{int(found * 10) / 10:.1f}",
        )
    return colour
