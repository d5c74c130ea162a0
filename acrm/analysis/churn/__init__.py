"""Who is leaving, when and why, and what it is worth to keep them."""
