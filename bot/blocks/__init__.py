"""What people see in Slack: pure functions from what the bot knows to Block Kit."""
