"""What to offer each customer next: what they are due to buy again, and what those like them bought."""
