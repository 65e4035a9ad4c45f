# shellcheck shell=bash
# What the scripts beside this one know of Debian: which release runs, where its packages come from, and how something that
# takes long and says much is run. To be sourced; nobody's address is written down here.

# "12", "13", …; empty on another system.
debian_release() { (. /etc/os-release 2>/dev/null && [ "${ID-}" = debian ] && printf '%s' "${VERSION_ID-}") || true; }

# A machine that is in use, and whose packages are not to be changed; not a container, an image or a chroot, which can be rebuilt.
is_booted_by_systemd() { [ -d /run/systemd/system ]; }

# Debian 13's toolchain is not mixed into a Debian 12 that is in use: it goes into a root of its own (toolchain-root).
needs_toolchain_root() { [ "$(debian_release)" = 12 ] && is_booted_by_systemd; }

# An entry may name a file of servers (mirror+file:PATH), as the images for clouds have it: the first of them. Others as they are.
first_of_mirrors() {
  case $1 in
    mirror+file:*) sed -nE 's/^[[:space:]]*([a-z]+:[^[:space:]]+).*/\1/p' "${1#mirror+file:}" | sed -n 1p ;;
    *) printf '%s\n' "$1" ;;
  esac
}

# Of the machine's own apt configuration: the server of its main Debian entry. Empty: there is none.
debian_server() {
  local file
  {
    for file in /etc/apt/sources.list.d/*.sources; do
      [ -f "$file" ] || continue
      awk -v RS= '/(^|\n)Types:[^\n]*deb/ && /(^|\n)Suites:[^\n]*[ \t](bookworm|trixie)([ \t\n]|$)/ && !/(^|\n)Enabled:[ \t]*no/ {
        match($0, /(^|\n)URIs:[ \t]*[^ \t\n]+/); found = substr($0, RSTART, RLENGTH); sub(/.*URIs:[ \t]*/, "", found); print found; exit }' "$file"
    done
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
      [ -f "$file" ] || continue
      sed -nE 's/^deb[ \t]+(\[[^]]*\][ \t]+)?([^ \t]+)[ \t]+(bookworm|trixie)[ \t].*/\2/p' "$file"
    done
  } | sed -n 1p | while read -r server; do first_of_mirrors "$server"; done
}

# debian_source SUITE BASE: the machine's own main entry with another suite, as BASE.sources or BASE.list. Fails without one.
debian_source() {
  local file
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -f "$file" ] || continue
    awk -v RS= -v ORS='\n\n' -v suite="$1" '
      /(^|\n)Types:[^\n]*deb/ && /(^|\n)Suites:[^\n]*[ \t](bookworm|trixie)([ \t\n]|$)/ && !/(^|\n)Enabled:[ \t]*no/ {
        gsub(/(^|\n)#[^\n]*/, ""); sub(/^\n/, ""); sub(/(^|\n)Suites:[^\n]*/, "\nSuites: " suite); sub(/^\n/, "")
        print; exit }' "$file"
  done | awk -v RS= 'NR == 1' > "$2.sources"
  [ -s "$2.sources" ] && return 0
  rm -f "$2.sources"
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -f "$file" ] || continue
    sed -nE "s/^(deb[ \t]+(\[[^]]*\][ \t]+)?[^ \t]+)[ \t]+(bookworm|trixie)[ \t]+(.*)\$/\1 $1 \4/p" "$file"
  done | sed -n 1p > "$2.list"
  [ -s "$2.list" ] && return 0
  rm -f "$2.list"
  return 1
}

# Called by scripts with pipefail.
# quietly WHAT LOG COMMAND…: appends what the command prints to the log. On a terminal one line shows how far it is; elsewhere
# WHAT is said once. If it fails, the end of the log is shown.
quietly() {
  local what=$1 log=$2 line status=0
  shift 2
  if [ -t 1 ]; then
    "$@" 2>&1 | tee -a "$log" | while IFS= read -r line; do
      [ -z "${line//[[:space:]]/}" ] || printf '\r\e[K%s: %.*s' "$what" $((${COLUMNS:-80} - ${#what} - 3)) "$line"
    done || status=$?
    printf '\r\e[K%s%s\n' "$what" "$([ "$status" = 0 ] || printf ': failed')"
  else
    printf '%s\n' "$what"
    "$@" >>"$log" 2>&1 || status=$?
  fi
  [ "$status" = 0 ] || { tail -n 20 "$log" >&2; printf 'all of it: %s\n' "$log" >&2; }
  return "$status"
}
