#!/usr/bin/python3
"""A client of Upstart in Python, by Gio (package python3-gi).

upstart-gio.py start JOB [KEY=VALUE]...   start the job, and wait until it runs (a task: until it is done)
upstart-gio.py events                     follow events: a line for each, when it has finished
"""

import os
import sys

from gi.repository import Gio, GLib

NAME, MANAGER, INTERFACE = "com.ubuntu.Upstart", "/com/ubuntu/Upstart", "com.ubuntu.Upstart0_6"
NO_LIMIT = 2**31 - 1  # milliseconds: a start takes as long as it takes


def call(bus, path, interface, method, signature, *arguments):
    parameters = GLib.Variant(f"({signature})", arguments)
    return bus.call_sync(NAME, path, interface, method, parameters, None, Gio.DBusCallFlags.NONE, NO_LIMIT).unpack()


def start(bus, name, *variables):
    (job,) = call(bus, MANAGER, INTERFACE, "GetJobByName", "s", name)
    (instance,) = call(bus, job, INTERFACE + ".Job", "Start", "asb", list(variables), True)
    print(f"{name} runs as {instance}")


def events(bus):
    def emitted(_bus, _sender, _path, _interface, _signal, parameters):
        print(parameters[0], *parameters[1], flush=True)
    bus.signal_subscribe(NAME, INTERFACE, "EventEmitted", MANAGER, None, Gio.DBusSignalFlags.NONE, emitted)
    GLib.MainLoop().run()


commands = {"start": start, "events": events}
if len(sys.argv) < 2 or sys.argv[1] not in commands:
    sys.exit(__doc__)
try:
    kind = Gio.BusType.SESSION if "UPSTART_SESSION" in os.environ else Gio.BusType.SYSTEM
    commands[sys.argv[1]](Gio.bus_get_sync(kind), *sys.argv[2:])
except GLib.Error as error:
    name = Gio.DBusError.get_remote_error(error)  # stands before the message
    sys.exit(error.message.removeprefix(f"GDBus.Error:{name}: "))
except KeyboardInterrupt:
    pass
