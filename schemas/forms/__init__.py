"""What staff fill in: request forms that open a case, decision forms that answer a work item; a file a trade."""

# as staff meet them
TRADES: tuple[str, ...] = ("applications", "approvals", "production", "logistics", "repairs", "return_lists")
TRADES += (
    "contacts",
    "complaints",
    "calls",
    "audits",
    "quality",
    "returns",
    "anomalies",
    "specials",
    "quotes",
    "cycles",
    "corrective",
    "transfers",
    "counts",
    "slips",
    "surveys",
    "sales",
    "reference",
    "history",
)
