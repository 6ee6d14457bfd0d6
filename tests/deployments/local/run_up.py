"""Run `up` with the toy flows, as the command line would; says READY when all runs."""

import logging
import sys

from deployments.local.up import Context, up
from deployments.settings import Settings
from schemas.problems import UpError
from tests.deployments.desk import TOY_YAML


def ready(context: Context) -> None:
    print("READY", sorted(context.deployments), flush=True)
    if "fault" in sys.argv:
        raise LookupError("broken on purpose")


def main() -> int:
    logging.basicConfig(level=logging.WARNING)
    try:
        with up(Settings(), prepare=lambda url: None, prefect_yaml=TOY_YAML) as context:
            if not context.stopping.is_set():
                ready(context)
            context.stopping.wait()
    except UpError as error:
        print("UpError", error, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
