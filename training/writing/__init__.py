"""Who writes drafts, critiques and revisions: an endpoint, or weights in this process."""
