"""What the bot does. Knows AWS and SQLite, not Slack's handlers."""
