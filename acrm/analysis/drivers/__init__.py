"""What an outcome goes with: regressions, and conditions under which it differs."""
