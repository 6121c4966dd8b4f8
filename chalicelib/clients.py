"""What everything else is built from: the settings, the clock, and the clients of AWS.

botocore takes long to import, so it is imported when a client is first used.
"""

import os
from typing import TYPE_CHECKING, Any

from chalicelib.clock import Clock, SystemClock
from chalicelib.lazy import Lazy, part
from chalicelib.settings import Settings

if TYPE_CHECKING:
    from chalicelib.comparison import Comparison


class Clients(Lazy):
    """The settings, the clock and the clients of a process."""

    @part
    def settings(self) -> Settings:
        """The settings in the environment of this process."""
        return Settings.from_env(os.environ)

    @part
    def clock(self) -> Clock:
        """The clock of the system."""
        return SystemClock()

    @part
    def comparison(self) -> "Comparison":
        """This machine's clock beside the cloud's."""
        from chalicelib.comparison import Comparison

        return Comparison(self.clock)

    @part
    def session(self) -> Any:
        """The botocore session that all clients share."""
        from chalicelib.aws import client

        return client.session()

    @part
    def dynamodb(self) -> Any:
        """The client of DynamoDB."""
        from chalicelib.aws import client

        return client.client(self.session, "dynamodb", compare=self.comparison)

    @part
    def sqs(self) -> Any:
        """The client of SQS, which does not wait for messages."""
        return self.make_sqs(long_poll=False)

    def make_sqs(self, *, long_poll: bool) -> Any:
        """Make a client of SQS, which may wait for messages with `long_poll`."""
        from chalicelib.aws import client

        return client.client(self.session, "sqs", long_poll=long_poll, compare=self.comparison)
