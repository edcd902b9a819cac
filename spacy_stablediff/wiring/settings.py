"""The settings of a layer, as attributes of its model."""

from typing import Any

from thinc.api import Model, deserialize_attr, serialize_attr

# The attribute.
SETTINGS = "settings"


class FromConfig:
    """An attribute that is what the config makes it, whatever the weights are loaded from.

    Thinc saves other attributes with the weights, and loads them in place of what the config says.
    """


class Settings(FromConfig, dict[str, Any]):
    """Settings of a layer by their names."""


@serialize_attr.register(FromConfig)
def _serialize(default: FromConfig, value: FromConfig, name: str, model: Model) -> bytes:
    return b""


@deserialize_attr.register(FromConfig)
def _deserialize(default: FromConfig, value: bytes, name: str, model: Model) -> FromConfig:
    return default
