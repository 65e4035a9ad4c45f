"""Counts the system calls of processes, by ptrace: the one counter that works in any container.

A counter is of use where work is to be compared from one machine to the next: unlike time it does not depend on what else
the machine does. What a process does without the system is not seen.
"""

import contextlib
import ctypes
import errno
import os
import signal
import time

TRACEME, CONT, SYSCALL, SETOPTIONS, SEIZE, INTERRUPT, LISTEN, DETACH = 0, 7, 24, 0x4200, 0x4206, 0x4207, 0x4208, 17
SYSGOOD, FORK, VFORK, CLONE, EXEC, EXITKILL = 1, 2, 4, 8, 16, 0x100000
FOLLOW = FORK | VFORK | CLONE
EVENT_FORK, EVENT_VFORK, EVENT_CLONE, EVENT_EXEC, EVENT_STOP = 1, 2, 3, 4, 128
GROUP_STOPS = {signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
ALL_CHILDREN = 0x40000000  # __WALL
QUIET = 0.25  # seconds without a system call, after which the operation is assumed complete
LIMIT = 60.0

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, pid, data=0):
    if libc.ptrace(request, pid, None, data) < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


class Tracer:
    """Counts from `follow` or `spawn` on, until `end`. All calls come from one thread."""

    def __init__(self):
        self.counts = {}  # entries into the system, by process id
        self.inside = set()  # processes that are in a call
        self.followed = set()  # those whose children are counted too
        self.statuses = {}  # of children that have ended

    def follow(self, pid):
        """A process that runs already; not its children."""
        ptrace(SEIZE, pid, SYSGOOD)
        ptrace(INTERRUPT, pid)
        self.counts[pid] = 0

    def spawn(self, command, environment, counted, with_children=False, output=os.devnull):
        """Starts a program; its process id. Counted from its start, if at all, perhaps with all that it starts."""
        pid = os.fork()
        if pid == 0:
            try:
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 1)
                os.dup2(1, 2)
                if counted:
                    ptrace(TRACEME, 0)
                os.execve(command[0], [str(word) for word in command], environment)
            finally:
                os._exit(127)
        if counted:
            os.waitpid(pid, ALL_CHILDREN)  # it stands behind its execve
            ptrace(SETOPTIONS, pid, SYSGOOD | EXEC | EXITKILL | (FOLLOW if with_children else 0))
            self.counts[pid] = 0
            if with_children:
                self.followed.add(pid)
            ptrace(SYSCALL, pid)
        return pid

    def run_until(self, done):
        """Lets everything run until `done()`, and then until nothing has been counted for a moment."""
        last = begin = time.monotonic()
        finished = False
        while True:
            pid, status = self._next()
            now = time.monotonic()
            if now > begin + LIMIT:
                raise TimeoutError(f"what was to be counted is not done after {LIMIT:.0f} seconds")
            if pid:
                self._handle(pid, status)
                last = now
                continue
            if not finished and done():
                finished, last = True, now
            if finished and now > last + QUIET:
                return
            time.sleep(0.0003)

    def run(self, command, environment, counted=False):
        """A program to its end, with all that it brings about; its exit status."""
        pid = self.spawn(command, environment, counted)
        self.run_until(lambda: pid in self.statuses)
        return pid, os.waitstatus_to_exitcode(self.statuses[pid])

    def reset(self):
        self.counts = dict.fromkeys(self.counts, 0)

    def end(self):
        """Everything runs on, uncounted."""
        for pid in list(self.counts):
            with contextlib.suppress(OSError):
                ptrace(INTERRUPT, pid)
        until = time.monotonic() + LIMIT
        while self.counts and time.monotonic() < until:
            pid, status = self._next()
            if not pid:
                time.sleep(0.0003)
                continue
            if not os.WIFSTOPPED(status):
                self._handle(pid, status)
                self.counts.pop(pid, None)
            elif pid in self.counts:
                forwarded = os.WSTOPSIG(status) if status >> 16 == 0 and os.WSTOPSIG(status) != signal.SIGTRAP | 0x80 else 0
                with contextlib.suppress(OSError):
                    ptrace(DETACH, pid, forwarded)
                del self.counts[pid]

    def _next(self):
        try:
            return os.waitpid(-1, ALL_CHILDREN | os.WNOHANG)
        except ChildProcessError:
            return 0, 0

    def _handle(self, pid, status):
        if not os.WIFSTOPPED(status):
            self.statuses[pid] = status
            self.inside.discard(pid)
            return
        try:
            self._go_on(pid, os.WSTOPSIG(status), status >> 16)
        except OSError as error:
            if error.errno != errno.ESRCH:  # it was killed
                raise

    def _go_on(self, pid, stop, event):
        if stop == signal.SIGTRAP | 0x80:
            if pid in self.inside:
                self.inside.remove(pid)
            else:
                self.inside.add(pid)
                self.counts[pid] = self.counts.get(pid, 0) + 1
            return ptrace(SYSCALL, pid)
        if event == EVENT_STOP and stop in GROUP_STOPS:
            return ptrace(LISTEN, pid)
        if event:
            if event == EVENT_EXEC:
                self.counts.setdefault(pid, 0)
            return ptrace(SYSCALL, pid)
        if pid not in self.counts and stop == signal.SIGSTOP:  # a child that is followed begins so
            self.counts[pid] = 0
            return ptrace(SYSCALL, pid)
        return ptrace(SYSCALL, pid, 0 if stop == signal.SIGTRAP else stop)
