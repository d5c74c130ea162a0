"""Reductions of big tables to small ones, written once in Narwhals so that they run on any engine.

Only what gives equal results on Polars, DuckDB and Spark is used: group twice instead of counting distinct values,
no `first` and no `filter` inside an aggregation. Money stays Decimal in every sum, because float sums differ from run
to run. Callers fix the integer types after collecting: engines disagree on them.
"""
