"""The gates and the claims, on unseen problems, with standard errors."""
