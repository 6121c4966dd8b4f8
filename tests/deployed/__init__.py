"""What only a deployed stage shows: functions that are invoked, handed over, killed.

Run by ``make test-deployed``, which makes the stage; short leases and segments are its settings.
"""
