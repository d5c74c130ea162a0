"""The figures of a report: each file one function of frames, to tables, figures and notes."""
