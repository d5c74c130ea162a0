# These modules are started one by one by `python -m tests.benchmarks`; pytest has nothing to collect here.
collect_ignore_glob = ["*"]
