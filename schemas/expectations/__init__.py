"""What must be true of a sheet, each said as a sentence: the expectations of Great Expectations by sheet kind."""
