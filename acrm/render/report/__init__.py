"""The sections of a report: each file makes of one part what a page shows of it."""
