"""The processes and the jobs of the house."""

import importlib
import pkgutil

IN_ORDER = (  # as DOMAIN counts them
    "parts_application",
    "repair_return",
    "return_list",
    "complaint",
    "duty",
    "cycle_control",
    "returns",
    "part_anomaly",
    "special_order",
    "follow_up_call",
    "call_audit",
    "corrective_action",
    "stock_transfer",
    "stock_count",
    "goods_slip",
)
FIRST = [f"{__name__}.{name}" for name in IN_ORDER]


def load() -> None:
    """Import every module of this package, so that all processes and jobs are known, in the order that staff see."""
    names = [module.name for module in pkgutil.walk_packages(__path__, f"{__name__}.")]
    for name in sorted(names, key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST)):
        importlib.import_module(name)
