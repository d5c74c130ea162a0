"""What is bought together: rules, bundles, and whether they hold later."""
