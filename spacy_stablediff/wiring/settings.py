"""The settings of a layer, as an attribute of its model."""

from typing import Any

from thinc.api import Model, deserialize_attr, serialize_attr

# The attribute.
SETTINGS = "settings"


class Settings(dict[str, Any]):
    """Settings of a layer by their names: those of the config, whatever the weights are loaded from.

    Thinc saves other attributes with the weights, and loads them in place of what the config says.
    """


@serialize_attr.register(Settings)
def _serialize(default: Settings, value: Settings, name: str, model: Model) -> bytes:
    return b""


@deserialize_attr.register(Settings)
def _deserialize(default: Settings, value: bytes, name: str, model: Model) -> Settings:
    return default
