"""The sandbox: a service that runs untrusted programs and judges what they answer."""
