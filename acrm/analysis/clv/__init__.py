"""Customer value: what customers bring, brought and cost."""
