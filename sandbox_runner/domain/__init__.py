"""What a submission, a test, an expectation and a verdict are: plain Python, no process is started here."""
