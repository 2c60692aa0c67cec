"""A client that answers from a table and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from proxtui.errors import ProxtuiError
from proxtui.pve.paths import Params, encoded
from proxtui.pve.sanitize import clean_json


class FakeClient:
    """Path -> whole body (``{"data": ...}``), or the error that asking for it raises."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = dict(answers)
        self.asked: list[str] = []
        """Paths as they would go over the wire, with their query."""

    async def get(self, path: str, *, params: Params | None = None) -> Any:
        body = self._answer(path, params)
        return clean_json(body["data"] if isinstance(body, dict) else body)

    async def read(self, path: str, *, params: Params | None = None) -> bytes:
        body = self._answer(path, params)
        return body if isinstance(body, bytes) else json.dumps(body).encode()

    def _answer(self, path: str, params: Params | None) -> Any:
        query = encoded(params)
        self.asked.append(f"{path}?{query}" if query else path)
        answer = self.answers[unquote(path)]
        if callable(answer):
            answer = answer()
        if isinstance(answer, ProxtuiError):
            raise answer
        return answer


def one_after_the_other(*bodies: Any) -> Callable[[], Any]:
    """Answers to the same path, each given once."""
    return iter(bodies).__next__


def data(value: Any) -> dict[str, Any]:
    return {"data": value}
