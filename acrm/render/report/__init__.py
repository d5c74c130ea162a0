"""The sections of the report page: each file one function, from the result of an analysis to a `Section` or None."""
