"""The service's side of the jails: launchers, boxes, and what runs in them."""
