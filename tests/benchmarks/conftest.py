# Programs are started by `python -m tests.benchmarks`; only files called test_... are pytest's.
collect_ignore_glob = ["[!t]*"]
