"""What would stop a deployment, found before it: `make preflight`. It reads, and changes nothing."""
