"""The documented functions for programs: ``invoke(name, body)`` answers as JSON, or raises ``FunctionError``."""

from proxtui.functions.calling import FUNCTIONS, answer, invoke, schema_of
from proxtui.functions.refusing import FunctionError

__all__ = ["FUNCTIONS", "FunctionError", "answer", "invoke", "schema_of"]
