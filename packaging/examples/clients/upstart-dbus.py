#!/usr/bin/python3
"""A client of Upstart in Python, by dbus-python (package python3-dbus; to follow events also python3-gi).

upstart-dbus.py start JOB [KEY=VALUE]...   start the job, and wait until it runs (a task: until it is done)
upstart-dbus.py events                     follow events: a line for each, when it has finished
"""

import os
import sys

import dbus

NAME, MANAGER, INTERFACE = "com.ubuntu.Upstart", "/com/ubuntu/Upstart", "com.ubuntu.Upstart0_6"
NO_LIMIT = 2**31 / 1000 - 1  # seconds: a start takes as long as it takes


def bus():
    return dbus.SessionBus() if "UPSTART_SESSION" in os.environ else dbus.SystemBus()


def start(name, *variables):
    upstart = bus()
    manager = dbus.Interface(upstart.get_object(NAME, MANAGER, introspect=False), INTERFACE)
    job = dbus.Interface(upstart.get_object(NAME, manager.GetJobByName(name), introspect=False), INTERFACE + ".Job")
    instance = job.Start(dbus.Array(variables, signature="s"), True, timeout=NO_LIMIT)
    print(f"{name} runs as {instance}")


def events():
    from dbus.mainloop.glib import DBusGMainLoop
    from gi.repository import GLib
    DBusGMainLoop(set_as_default=True)
    bus().add_signal_receiver(lambda name, variables: print(name, *variables, flush=True), "EventEmitted", INTERFACE, NAME, MANAGER)
    GLib.MainLoop().run()


commands = {"start": start, "events": events}
if len(sys.argv) < 2 or sys.argv[1] not in commands:
    sys.exit(__doc__)
try:
    commands[sys.argv[1]](*sys.argv[2:])
except dbus.DBusException as error:
    sys.exit(error.get_dbus_message())
except KeyboardInterrupt:
    pass
