"""The product's worker with its loops, on the work pool of these tests."""

from deployments import worker

if __name__ == "__main__":
    worker.POOL = "desk"
    worker.main()
