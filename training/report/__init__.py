"""What an evaluation says about the paper's claims, as a page with tables and plots."""
