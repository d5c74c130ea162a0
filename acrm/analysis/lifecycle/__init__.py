"""Where customers stand between the first purchase and the last."""
