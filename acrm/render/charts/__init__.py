"""Pictures as static SVG, as specifications for a browser, and as letters for a terminal."""
