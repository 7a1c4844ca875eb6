"""The embedded default: an emulated AWS account and a local Slack, for `make demo`."""
