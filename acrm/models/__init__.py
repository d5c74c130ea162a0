"""Numbers only: arrays in, arrays out. No tables, no files, no clock; a random generator is handed in."""
