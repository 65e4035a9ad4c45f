"""helper.py notify|readyfd|serve — the main processes of the services that a shell script cannot be."""

import os
import socket
import sys


def say_ready(way):
    if way == "notify":
        address = os.environ["NOTIFY_SOCKET"]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(b"READY=1", "\0" + address[1:] if address.startswith("@") else address)
    else:
        os.write(int(os.environ["READY_FD"]), b"\n")
    os.execvp("sleep", ["sleep", "100000"])


def serve(book):
    """Answers each client of the socket that it is handed with the client's own line."""
    with open(book, "a") as ledger:
        ledger.write(f"{os.environ['UPSTART_JOB']} {os.getpid()}\n")
    listening = socket.socket(fileno=int(os.environ["UPSTART_FDS"].split()[0]))
    listening.setblocking(True)
    while True:
        client, _ = listening.accept()
        with client, client.makefile("rb") as lines:
            client.sendall(lines.readline())


if sys.argv[1] == "serve":
    serve(sys.argv[2])
else:
    say_ready(sys.argv[1])
