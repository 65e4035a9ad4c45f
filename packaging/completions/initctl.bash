# Completion of initctl and its links for bash: asks initctl for commands and options, the running init for jobs,
# instances and events.

_initctl_jobs() { initctl list 2>/dev/null | sed -nE 's#^([^\t].*) (start|stop|respawn)/.*#\1#p' | sed -E 's# \([^)]*\)$##' | sort -u; }

# The names of the instances of job $1.
_initctl_instances() {
    initctl list 2>/dev/null | while IFS= read -r line; do
        [[ $line == "$1 ("*") "* ]] || continue
        line=${line#"$1 ("}
        printf '%s\n' "${line%) *}"
    done
}

_initctl_events() {
    initctl show-config -e 2>/dev/null |
        sed -nE -e 's#^  emits ##p' -e 's#^  (start|stop) on ([^ ]+) \(job:.*#\2#p' | sort -u
}

_initctl_commands() { initctl help 2>/dev/null | sed -nE 's#^  ([a-z][a-z-]+)( .*)?$#\1#p'; }

_initctl_options() { initctl ${1:+"$1"} --help 2>/dev/null | sed -nE 's#^ +(-[a-z], )?(--[a-z-]+=?).*#\2#p'; }

# The variables that name an instance of job $1, as far as its conditions tell, with the values that are in use.
_initctl_variables() {
    local key instance
    for key in $(initctl show-config "$1" 2>/dev/null | grep -oE '[A-Za-z_]+=\$\{?[A-Za-z_]+' | sed 's/=.*//' | sort -u); do
        printf '%s=\n' "$key"
        for instance in $(_initctl_instances "$1"); do printf '%s=%s\n' "$key" "$instance"; done
    done
}

_initctl_words() { # COMMAND NUMBER-OF-ARGUMENTS-BEFORE FIRST-ARGUMENT
    case $1:$2 in
        start:0 | stop:0 | restart:0 | reload:0 | status:0 | show-config:0 | check-config:0 | usage:0 | explain:0 | log:0) _initctl_jobs ;;
        monitor:* | graph:*) _initctl_jobs ;;
        start:* | stop:* | restart:* | reload:* | status:*) _initctl_variables "$3" ;;
        log:1) _initctl_instances "$3" ;;
        emit:0) _initctl_events ;;
        log-priority:0) printf '%s\n' debug info message warn error fatal ;;
        get-env:0 | unset-env:*) initctl list-env 2>/dev/null | sed 's/=.*//' ;;
        set-env:*) initctl list-env 2>/dev/null | sed 's/=.*/=/' ;;
        help:0) _initctl_commands ;;
    esac
}

_initctl() {
    local current=${COMP_WORDS[COMP_CWORD]} command= first= count=0 word i
    local line=${COMP_LINE:0:COMP_POINT}
    [[ ${COMP_WORDS[0]##*/} == initctl ]] || command=${COMP_WORDS[0]##*/}
    # A word with "=" comes in parts: put it together again.
    current=${line##*[[:space:]]}
    local -a words
    read -ra words <<<"$line"
    [[ -n $current ]] && unset 'words[-1]'
    for word in "${words[@]:1}"; do
        [[ $word == -* ]] && continue
        if [[ -z $command ]]; then command=$word; continue; fi
        [[ $count == 0 ]] && first=$word
        ((++count))
    done
    local choices
    if [[ $current == -* ]]; then choices=$(_initctl_options "$command")
    elif [[ -z $command ]]; then choices=$(_initctl_commands)
    else choices=$(_initctl_words "$command" "$count" "$first"); fi
    local IFS=$'\n'
    COMPREPLY=($(compgen -W "$choices" -- "$current"))
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
    # What readline takes for the current word begins after the last "=".
    if [[ $current == *=* && $COMP_WORDBREAKS == *=* ]]; then
        for i in "${!COMPREPLY[@]}"; do COMPREPLY[i]=${COMPREPLY[i]#"${current%=*}="}; done
    fi
}

complete -F _initctl initctl start stop restart reload status
