"""The twelve bytes that both sides of RFB begin with."""

from __future__ import annotations

import re
from typing import Final

from proxtui.pve.rfb.words import VERSION

V3_3: Final = b"RFB 003.003\n"
V3_7: Final = b"RFB 003.007\n"
V3_8: Final = VERSION
_FORM: Final = re.compile(rb"RFB (\d{3})\.(\d{3})\n")


def spoken(said: bytes) -> bytes | None:
    """The version to go on with after the other side said twelve bytes; None when they are no version of RFB.

    Apple's 003.889 and everything after 3.8 speaks 3.8; what lies between the known ones is the older one.
    """
    match = _FORM.fullmatch(said)
    if match is None:
        return None
    number = int(match[1]), int(match[2])
    if number < (3, 3):
        return None
    return V3_8 if number >= (3, 8) else V3_7 if number == (3, 7) else V3_3
