"""What staff fill in: request forms that open a case, decision forms that answer a work item; a file a trade."""

TRADES = ("applications", "approvals", "production", "logistics", "anomalies", "cycles", "sales")  # as staff meet them
