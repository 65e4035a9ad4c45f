"""A fleet for tests: mosquitto on loopback with certificates and access lists made on the spot, and sessions as its nodes. Each
process that is started here is ended here, by its id."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = os.path.join(HERE, "../../packaging/examples/fleet")
sys.dont_write_bytecode = True


def needs():
    """Why this machine cannot run a fleet; None: it can."""
    os.environ["PATH"] += ":/usr/sbin"
    missing = [name for name in ("mosquitto", "openssl") if not shutil.which(name)]
    return f"not installed: {', '.join(missing)}" if missing else None


def until(condition, what, limit=60.0):
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.02)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Broker:
    def __init__(self, directory, nodes, access_list):
        self.directory = directory
        self.port = free_port()
        self.certificates = os.path.join(directory, "certificates")
        subprocess.run([os.path.join(EXAMPLES, "make-certificates"), self.certificates, *nodes], check=True)
        os.makedirs(os.path.join(directory, "broker"))
        with open(os.path.join(EXAMPLES, "mosquitto.conf")) as example:
            text = example.read()
        for there, here in {"listener 8883": f"listener {self.port} 127.0.0.1",
                            "/etc/mosquitto/fleet/access-list": os.path.join(directory, "access-list"),
                            "/etc/mosquitto/fleet": self.certificates,
                            "/var/lib/mosquitto": os.path.join(directory, "broker")}.items():
            text = text.replace(there, here)
        self.configuration = os.path.join(directory, "mosquitto.conf")
        with open(self.configuration, "w") as file:
            file.write(text + ("user root\n" if os.getuid() == 0 else ""))
        with open(os.path.join(directory, "access-list"), "w") as file:
            file.write(access_list)
        self.process = None

    def start(self):
        with open(os.path.join(self.directory, "mosquitto.log"), "a") as log:
            self.process = subprocess.Popen(["mosquitto", "-c", self.configuration], stdout=log, stderr=log)

        def listens():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0
        until(listens, "mosquitto does not listen")

    def end(self, how=signal.SIGTERM):
        if self.process:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None

    def tls(self, node):
        """Options of mosquitto_pub and mosquitto_sub as this node."""
        of = os.path.join(self.certificates, node)
        return ["--cafile", os.path.join(self.certificates, "ca.crt"), "--cert", of + ".crt", "--key", of + ".key",
                "-h", "localhost", "-p", str(self.port), "-V", "5"]

    def publish(self, node, topic, payload):
        return subprocess.run(["mosquitto_pub", *self.tls(node), "-q", "1", "-t", topic, "-m", payload],
                              capture_output=True, text=True)


class Node:
    def __init__(self, programs, directory, broker, name, lines, jobs, /, **settings):
        """lines: of fleet.conf, behind the usual ones, which settings replace (broker=…, ca=…)."""
        self.programs, self.name = programs, name
        self.home = os.path.join(directory, name)
        for part in ("jobs", "logs", "run", ".config/upstart"):
            os.makedirs(os.path.join(self.home, part), mode=0o700)
        for job, text in jobs.items():
            with open(os.path.join(self.home, "jobs", job + ".conf"), "w") as file:
                file.write(text)
        of = os.path.join(broker.certificates, name)
        with open(os.path.join(self.home, ".config/upstart/fleet.conf"), "w") as file:
            usual = {"broker": f"mqtts://localhost:{broker.port}", "fleet": "shop", "node": name,
                     "ca": f"{broker.certificates}/ca.crt", "certificate": f"{of}.crt", "key": f"{of}.key"}
            file.write("\n".join([f"{key} = {value}" for key, value in {**usual, **settings}.items()] + [*lines, ""]))
        self.process = None

    def environment(self):
        return {"PATH": f"{self.programs}:{os.environ['PATH']}", "HOME": self.home,
                "XDG_RUNTIME_DIR": os.path.join(self.home, "run")}

    def start(self):
        with open(os.path.join(self.home, "init.log"), "a") as log:
            self.process = subprocess.Popen(
                [os.path.join(self.programs, "init"), "--user", "--no-dbus", "--confdir", os.path.join(self.home, "jobs"),
                 "--logdir", os.path.join(self.home, "logs")], env=self.environment(), stdout=log, stderr=log)
        session = os.path.join(self.home, "run/upstart/sessions", f"{self.process.pid}.session")
        until(lambda: os.path.exists(session) and os.path.getsize(session) > 0, f"{self.name} does not start")
        with open(session) as file:
            self.session = file.read().strip().partition("=")[2]
        self.run_directory = os.path.join(self.home, "run/upstart", str(self.process.pid))

    def initctl(self, *words, limit=60):
        return subprocess.run([os.path.join(self.programs, "initctl"), *words], capture_output=True, text=True, timeout=limit,
                              env={**self.environment(), "UPSTART_SESSION": self.session})

    def daemon(self, name):
        """The process id of one of the daemons, or None."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as file:
            for pid in file.read().split():
                try:
                    with open(f"/proc/{pid}/cmdline", "rb") as line:
                        program = line.read().split(b"\0")[0].decode()
                except OSError:
                    continue
                if os.path.basename(program) == f"upstart-{name}":
                    return int(pid)
        return None

    def messages(self):
        with open(os.path.join(self.home, "init.log"), errors="replace") as file:
            return file.read()

    def log(self, job):
        try:
            with open(os.path.join(self.home, "logs", job + ".log")) as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def end(self, how=signal.SIGTERM):
        if self.process:
            self.process.send_signal(how)
            status = self.process.wait()
            self.process = None
            return status
        return None


class Directory:
    """A temporary one that is gone afterwards; and what was registered in it has ended."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="fleet-test.")
        self.to_end = []
        return self

    def __exit__(self, kind, *_):
        for one in reversed(self.to_end):
            one.end()
        if kind and os.environ.get("FLEET_TEST_KEEP"):
            print(f"left: {self.path}")
        else:
            shutil.rmtree(self.path, ignore_errors=True)

    def add(self, one):
        self.to_end.append(one)
        return one
