"""What is to be sent."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from proxtui.pve.params.base import Params


class RequestParams(Params):
    """A request that changes something. ``template`` is what the audit keeps of ``path``."""

    method: Literal["POST", "PUT", "DELETE"]
    path: str
    template: str
    body: dict[str, Any] = Field(default_factory=dict)
