"""What the declarations of this room have in common."""

from __future__ import annotations

from proxtui.config.models import Role
from proxtui.core.declaring import MODELS, declaring
from proxtui.core.operation import GUESTS, Risk

__all__ = ["MODELS", "OWN_MODELS", "declare"]

OWN_MODELS = "proxtui.features.guests.params"
PREPARED_BY = "proxtui.features.guests.preparing:prepare"

declare = declaring("guests", kinds=GUESTS, risk=Risk.SAFE, role=Role.OPERATOR, prepared_by=PREPARED_BY)
"""For operators, and harmless unless it says otherwise."""
