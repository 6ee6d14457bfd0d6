"""What staff fill in: request forms that open a case, decision forms that answer a work item."""
