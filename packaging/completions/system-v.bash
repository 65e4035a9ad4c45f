# Completion of telinit, runlevel, shutdown, reboot, halt and poweroff for bash.

_upstart_system_v() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} program=${COMP_WORDS[0]##*/}
    local options='--help --version' words=
    case $program in
        telinit) options+=' -e'; [[ $previous == -e ]] || words='0 1 2 3 4 5 6 S q u' ;;
        runlevel)
            options+=' --set --quiet'
            if [[ $previous == --set ]]; then words='0 1 2 3 4 5 6 S'
            elif [[ $current != -* ]]; then
                compopt -o filenames
                mapfile -t COMPREPLY < <(compgen -f -- "$current")
                return
            fi ;;
        shutdown) options+=' -r -h -H -P -c -k'; [[ $previous == -* || $COMP_CWORD == 1 ]] && words='now +5' ;;
        *) options+=' --force --poweroff --wtmp-only --no-sync' ;;
    esac
    [[ $current == -* ]] && words=$options
    local IFS=$' \t\n'
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _upstart_system_v telinit runlevel shutdown reboot halt poweroff
