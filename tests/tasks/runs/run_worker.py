"""The product's worker with its loops, on the work pool of these tests; it waits a fraction of what it waits for."""

from datetime import timedelta

from deployments import worker
from tasks.durable import lease
from tasks.runs import standing, watch

if __name__ == "__main__":
    worker.POOL = "desk"
    worker.WATCH_EVERY = 0.5
    standing.LEG_STARTS_WITHIN = timedelta(seconds=8)
    watch.TAKE_OVER_AFTER = timedelta(seconds=1)
    watch.JOB_ENDS_WITHIN = 0.5
    lease.VOID_AFTER, lease.RENEW_EVERY = timedelta(seconds=6), timedelta(seconds=1)
    worker.main()
