"""The bot as people meet it: whole, as a process, in a Slack that refuses what Slack refuses, and in a browser."""
