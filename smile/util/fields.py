"""Dataclasses from JSON of unknown origin: no field lacks, and each has the type that it is declared with."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Kind = TypeVar("Kind")


def from_json(kind: type[Kind], text: str | bytes, extra: Literal["forbid", "ignore"] = "forbid") -> Kind:
    """Return a dataclass of a JSON object; lists become tuples where it has some.

    Raises:
        ValueError: no JSON, another type somewhere, a field that lacks, or one that is unknown.
    """
    key: Any = kind
    value: Kind = _adapter(key).validate_json(text, strict=True, extra=extra)
    return value


def from_fields(kind: type[Kind], fields: Any, extra: Literal["forbid", "ignore"] = "forbid") -> Kind:
    """Return a dataclass of what `json.loads` gave, as `from_json` does."""
    return from_json(kind, json.dumps(fields), extra)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)
