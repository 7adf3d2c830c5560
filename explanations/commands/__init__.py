"""What the command `lemons` can do, room by room; what a command needs is imported inside its function."""
