"""What to do about whom: scenarios, a budget, control groups, what a CRM imports."""
