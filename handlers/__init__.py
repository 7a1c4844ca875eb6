"""Slack in: parse, one call into bot, answer. By what the user is doing, not by Slack's kinds of events."""
