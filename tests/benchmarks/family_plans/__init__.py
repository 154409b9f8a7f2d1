"""What `tests/benchmarks/family.py` measures, a module for each system: see `common.Plan`."""
