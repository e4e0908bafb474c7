"""How many segments a text is billed as, by the provider's own count."""

import re

# GSM 03.38's basic set: an international text of these only is counted in 160 and 153 instead of 70 and 67.
_GSM = re.compile(r"[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà|^€{}\[\]~\\]*")
_TWICE = re.compile(r"[|^€{}\[\]~\\]")


def domestic(length: int) -> int:
    """Segments of a mainland text of ``length`` characters, signature with its brackets included (70, then 67s)."""
    return 1 if length <= 70 else -(-length // 67)


def international(text: str) -> int:
    """Segments of a text to another country: GSM-7 in 160 and 153 (some characters count twice), else 70 and 67."""
    if not _GSM.fullmatch(text):
        return domestic(len(text))
    length = len(text) + len(_TWICE.findall(text))
    return 1 if length <= 160 else -(-length // 153)
