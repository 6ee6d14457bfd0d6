"""A year of the department, simulated: what comes in, who answers when, and the scheduled flows at their times."""
