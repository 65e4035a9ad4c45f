#!/usr/bin/env python3
"""Accepts on the listening socket that Upstart hands over (UPSTART_FDS) and greets each client."""
import os
import socket

listening = socket.socket(fileno=int(os.environ["UPSTART_FDS"].split()[0]))
listening.setblocking(True)
while True:
    client, _ = listening.accept()
    client.sendall(f"Hello from {os.environ['UPSTART_JOB']}, process {os.getpid()}\n".encode())
    client.close()
