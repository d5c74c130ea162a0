"""Who the customers are: groups of them, what tells the groups apart, and what to do for each."""
