"""Who works with Guichet: their roles, passwords, second factors and sessions (docs/accounts.md)."""
