"""What staff fill in: request forms that open a case, decision forms that answer a work item; a file a trade."""

# as staff meet them
TRADES = ("applications", "approvals", "production", "logistics", "anomalies", "specials", "quotes", "cycles", "sales")
