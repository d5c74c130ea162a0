"""Where customers come from, and what each channel costs, brings and is given the credit for."""
