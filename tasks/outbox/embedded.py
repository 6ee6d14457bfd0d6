"""The embedded counterparts of other systems: a small order system for a group that has none connected."""

from collections.abc import Mapping
from typing import Any


def answer(destination: str, kind: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a message as the other system would; the same message always gets the same answer."""
    match destination, kind:
        case "order", "place_order":
            return {"order_number": f"OS-{payload['case']}"}
        case "order", "cancel_order":
            return {"cancelled": payload["case"]}
    raise ValueError(f"no embedded counterpart for {destination}/{kind}: set its system URL")
