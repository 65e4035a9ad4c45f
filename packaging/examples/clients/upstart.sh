#!/bin/sh
# A client of Upstart for the shell, by busctl(1) of the package systemd.
#
#   upstart.sh start JOB [KEY=VALUE]...   start the job, and wait until it runs (a task: until it is done)
#   upstart.sh events                     follow events: a line for each, when it has finished
set -eu

bus=--system
[ -z "${UPSTART_SESSION-}" ] || bus=--address=${DBUS_SESSION_BUS_ADDRESS-unix:path=$XDG_RUNTIME_DIR/bus}

# Calls a method that answers with an object, and tells its path; busctl has it as: o "/com/ubuntu/Upstart/jobs/web"
call() {
  answer=$(busctl "$bus" --timeout=1d call com.ubuntu.Upstart "$@")
  answer=${answer#*\"}
  echo "${answer%\"}"
}

case ${1-} in
  start)
    name=$2
    shift 2
    job=$(call /com/ubuntu/Upstart com.ubuntu.Upstart0_6 GetJobByName s "$name")
    instance=$(call "$job" com.ubuntu.Upstart0_6.Job Start asb $# "$@" true)
    echo "$name runs as $instance"
    ;;
  events)
    # A line of JSON for each message, of which the name and the variables are shown.
    rule="type='signal',interface='com.ubuntu.Upstart0_6',member='EventEmitted'"
    exec busctl "$bus" --json=short --match="$rule" monitor |
      sed -un 's/.*"member":"EventEmitted".*"data":\["\([^"]*\)",\[\(.*\)\]\].*/\1 \2/p'
    ;;
  *)
    echo "usage: $0 start JOB [KEY=VALUE]... | events" >&2
    exit 2
    ;;
esac
