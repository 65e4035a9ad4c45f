"""What the session is given to do while its daemons die, each kind of work with its own jobs, its own book in the ledger and its own
account at the end."""


class Work:
    """One kind of work. `chaos` has the session, the ledger, the clients and this work's own random numbers."""
    name = ""
    weight = 1  # how often it is its turn

    def __init__(self, chaos, random):
        self.session, self.ledger, self.clients, self.random = chaos.session, chaos.ledger, chaos.clients, random

    @staticmethod
    def files(ledger, directory):
        """Job files by name; directory is the session's."""
        raise NotImplementedError

    def begun(self):
        """Whether all is there that is to be there before the first kill."""
        return True

    def step(self):
        """Asks for one thing more, at random; returns at once."""

    def finish(self):
        """The last kill has been: asks for what is needed to close the account."""

    def is_finished(self):
        """Whether all that was asked for has come."""
        return True

    def waits_for(self):
        """What has not come, in words."""
        return []

    def reconcile(self, faults, statuses):
        """Compares what was asked with what the ledger says. statuses: what the supervisor says of each job."""
