"""A run's summary, and its one post to Slack, a webhook, a file or standard output."""
