"""What is known of each customer, from all tables."""
