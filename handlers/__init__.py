"""Slack in: parse, one call into bot, answer. One module per thing a person does."""
