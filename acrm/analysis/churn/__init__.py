"""Who leaves, when, why, and what it is worth to keep them."""
