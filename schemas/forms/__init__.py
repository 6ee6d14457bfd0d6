"""What staff fill in: request forms that open a case, decision forms that answer a work item; a file a trade."""

TRADES = (
    "applications",
    "approvals",
    "production",
    "logistics",
    "anomalies",
    "repairs",
    "return_lists",
    "sales",
)  # as staff meet them
