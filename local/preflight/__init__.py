"""What would stop a deployment, found before it: `refrain doctor`. It reads, and changes nothing."""
