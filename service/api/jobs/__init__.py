"""Durable refinements: jobs that outlive the connection, and the process, that began them."""
