"""The page's static files."""
