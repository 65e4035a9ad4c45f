# Completion of the bridges (upstart-socket-bridge and so on) for bash: asks the program for its options. Bash loads it
# by the name of each of them.

_upstart_bridge() {
    local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} IFS=$' \t\n'
    case $option in
        --run-directory)
            compopt -o filenames
            IFS=$'\n'
            COMPREPLY=($(compgen -d -- "$current")) ;;
        --path | --configuration | --state-directory)
            compopt -o filenames
            IFS=$'\n'
            COMPREPLY=($(compgen -f -- "$current")) ;;
        --monitor) COMPREPLY=($(compgen -W 'udev kernel' -- "$current")) ;;
        --event) COMPREPLY=($(compgen -W "$(initctl show-config -e 2>/dev/null |
            sed -nE 's#^  (start|stop) on ([^ ]+) .*#\2#p' | sort -u)" -- "$current")) ;;
        --bus | --bus-name) ;;
        *) COMPREPLY=($(compgen -W "$("$1" --help 2>/dev/null | grep -oE -- '(^|[ ,])--?[a-z][a-z-]*' | tr -d ' ,')" -- "$current")) ;;
    esac
}

complete -F _upstart_bridge upstart-{socket,file,udev,dbus,event,local,timer,mqtt}-bridge
