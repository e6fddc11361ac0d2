"""Runs commands of the OpenStack client without starting Python anew for each.

Argument: the path of a socket to listen at. A connection brings one line of
JSON, {"args", "dir", "env"}, and gets {"exit", "stdout", "stderr"}. The client
is imported once; each command then runs in a process of its own, forked from
here, with that folder and environment, by the function that /usr/bin/openstack
calls. Ends when standard input does.
"""
import contextlib
import importlib.metadata
import json
import os
import select
import signal
import socket
import sys
import tempfile

# The client takes its own name, and looks for clouds.yaml, when it is imported.
path = sys.argv[1]
sys.argv = ["openstack"]

from openstackclient import shell

# Commands, ways to log in and forms of output are entry points: what is loaded
# here, no command has to load. Some belong to modules that are not installed.
for group in importlib.metadata.entry_points().groups:
    if group.startswith(("openstack.", "keystoneauth1.", "cliff.")):
        for entry in importlib.metadata.entry_points(group=group):
            with contextlib.suppress(ImportError):
                entry.load()


def run(request):
    os.chdir(request["dir"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv[1:] = request["args"]
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    files = tempfile.TemporaryFile(), tempfile.TemporaryFile()
    for number, file in enumerate(files, start=1):
        os.dup2(file.fileno(), number)
    try:
        status = shell.main(request["args"])
    except SystemExit as e:
        status = e.code
    sys.stdout.flush()
    sys.stderr.flush()
    texts = []
    for file in files:
        file.seek(0)
        texts.append(file.read().decode())
    return {"exit": status or 0, "stdout": texts[0], "stderr": texts[1]}


def main():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the commands
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    print("listening", flush=True)
    while listener in select.select([listener, sys.stdin], [], [])[0]:
        connection, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            with connection, connection.makefile("rw") as stream:
                answer = run(json.loads(stream.readline()))
                stream.write(json.dumps(answer))
            os._exit(0)
        connection.close()


main()
