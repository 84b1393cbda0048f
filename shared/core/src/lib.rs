//! Facts every part of the gateway agrees on: routes, scopes, permits, refusals, ports.
