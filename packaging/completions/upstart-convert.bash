# Completion of upstart-convert for bash.
_upstart_convert() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} word kinds='systemd supervisord procfile inittab lsb s6 runit'
    compopt -o filenames
    case $previous in
        -o | --output) mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
    esac
    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '-o --output --session --force --strict -q --quiet --help --version' -- "$current")
        return
    fi
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        [[ $word == -* ]] || kinds=
    done
    mapfile -t COMPREPLY < <(compgen -W "$kinds" -- "$current"; compgen -f -- "$current")
}
complete -F _upstart_convert upstart-convert
