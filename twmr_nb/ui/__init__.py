"""What people see and touch in a notebook: one widget per file."""
