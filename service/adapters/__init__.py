"""What the domain's ports are in the world outside: model engines, the sandbox, manifests, metrics."""
