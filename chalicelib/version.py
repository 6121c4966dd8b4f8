"""The version of hoststat: of the service, of workers and of the agent."""

#: CHANGELOG.md says what each version brings.
VERSION = "0.2.0"
