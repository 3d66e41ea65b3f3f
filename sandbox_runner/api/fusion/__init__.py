"""SandboxFusion's routes, so that its clients need no change. What they cannot express stands under `x`."""
