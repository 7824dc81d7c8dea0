"""Dataclasses to plain JSON data and back, exactly; and digests that name a value by its content."""

import json
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from functools import cache
from hashlib import sha256
from typing import Any, TypeVar

from distil_core.errors import ConfigError

T = TypeVar("T")


def to_json(value: Any) -> Any:
    """Turn a config or record into what ``json`` can write; :func:`from_json` is its inverse."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    return value


def from_json(cls: type[T], data: Mapping[str, Any]) -> T:
    """Build ``cls`` from plain data.

    Raises:
        ConfigError: Naming every unknown key, missing key and wrong value at once.
    """
    problems: list[str] = []
    value = _build(cls, data, "", problems)
    if problems or value is None:
        raise ConfigError("; ".join(problems))
    return value


def _build(cls: type[T], data: Any, path: str, problems: list[str]) -> T | None:
    """Build ``cls`` as :func:`from_json` does, but put what is wrong into ``problems`` instead of raising it."""
    if not isinstance(data, Mapping):
        problems.append(f"{path.rstrip('.') or cls.__name__} must be a mapping, got {data!r}")
        return None
    hints = _hints(typing.cast(Any, cls))
    declared: dict[str, Field[Any]] = {f.name: f for f in fields(cls)}  # type: ignore[arg-type]
    for unknown in sorted(set(data) - set(declared)):
        problems.append(f"unknown key {path}{unknown}; known: {', '.join(sorted(declared))}")
    values, before = {}, len(problems)
    for name, item in declared.items():
        if name in data:
            values[name] = _coerce(hints[name], data[name], f"{path}{name}", problems)
            _check_bounds(values[name], item, f"{path}{name}", problems)
        elif item.default is MISSING and item.default_factory is MISSING:
            problems.append(f"missing key {path}{name}")
    return cls(**values) if len(problems) == before else None


@cache
def _hints(cls: Any) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _coerce(hint: Any, value: Any, path: str, problems: list[str]) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        if value is None:
            return None
        return _coerce(next(a for a in arguments if a is not type(None)), value, path, problems)
    if is_dataclass(hint):
        return _build(typing.cast(type, hint), value, f"{path}.", problems)
    if origin is tuple and isinstance(value, tuple | list):
        inner = [arguments[0]] * len(value) if len(arguments) == 2 and arguments[1] is Ellipsis else arguments
        return tuple(_coerce(h, v, f"{path}[{i}]", problems) for i, (h, v) in enumerate(zip(inner, value, strict=True)))
    if origin is dict and isinstance(value, Mapping):
        return {str(k): _coerce(arguments[1], v, f"{path}.{k}", problems) for k, v in value.items()}
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        if value in list(hint):
            return hint(value)
        problems.append(f"{path} must be one of {', '.join(hint)}, got {value!r}")
        return None
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if hint is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(hint, type) and isinstance(value, hint) and (hint is bool or not isinstance(value, bool)):
        return value
    problems.append(f"{path} must be {getattr(hint, '__name__', hint)}, got {value!r}")
    return None


def _check_bounds(value: Any, item: Field[Any], path: str, problems: list[str]) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return
    low, high, above = (item.metadata.get(name) for name in ("low", "high", "above"))
    if value != value:
        problems.append(f"{path} must be a number, got nan")
    if low is not None and value < low:
        problems.append(f"{path} must be at least {low:g}, got {value!r}")
    if above is not None and value <= above:
        problems.append(f"{path} must be above {above:g}, got {value!r}")
    if high is not None and value > high:
        problems.append(f"{path} must be at most {high:g}, got {value!r}")


def digest(value: Any) -> str:
    """Name a value by its content: the first 16 hex digits of the SHA-256 of its canonical JSON."""
    text = json.dumps(to_json(value), sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:16]
