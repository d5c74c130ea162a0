"""Lists of customers for a purpose: reminders, samples, lookalikes, calls, bands."""
