# Completion of initctl and its links for bash: asks initctl for commands and options, the running init for jobs,
# instances and events. At the end init-checkconf and init, which have options and files only.

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

_initctl_options() { initctl ${1:+"$1"} --help 2>/dev/null | sed -nE 's#^ +((-[a-z]), )?(--[a-z-]+=?).*#\2 \3#p' | tr -s ' ' '\n' | sed '/^$/d'; }

# The variables that name an instance of job $1, with the values that are in use where it is one variable.
_initctl_variables() {
    local instance keys IFS=$'\n'
    keys=($(initctl usage --variables "$1" 2>/dev/null))
    ((${#keys[@]} > 0)) || return
    printf '%s=\n' "${keys[@]}"
    ((${#keys[@]} == 1)) || return
    for instance in $(_initctl_instances "$1"); do printf '%s=%s\n' "${keys[0]}" "$instance"; done
}

# What completes the arguments of a command, and which options take a value, is told by `initctl help --completion COMMAND'.

# _initctl_kind COMPLETION NUMBER: what completes the argument with this number.
_initctl_kind() {
    local IFS=$' \t\n' last
    local -a kinds
    read -ra kinds <<<"$(sed -n 's/^arguments //p' <<<"$1")"
    last=$((${#kinds[@]} - 1))
    if (($2 <= last)); then printf '%s' "${kinds[$2]%...}"
    elif [[ $last -ge 0 && ${kinds[last]} == *... ]]; then printf '%s' "${kinds[last]%...}"; fi
}

_initctl_words() { # KIND FIRST-ARGUMENT
    case $1 in
        jobs) _initctl_jobs ;;
        instances) _initctl_instances "$2" ;;
        variables) _initctl_variables "$2"; _initctl_jobs ;;
        events) _initctl_events ;;
        environment) initctl list-env 2>/dev/null | sed 's/=.*//' ;;
        assignments) initctl list-env 2>/dev/null | sed 's/=.*/=/' ;;
        commands) _initctl_commands ;;
        *'|'*) tr '|' '\n' <<<"$1" ;;
    esac
}

# _initctl_value OPTION COMPLETION: the word after the option is its value; prints what completes that.
_initctl_value() {
    local line
    while IFS= read -r line; do
        [[ $line == "value $1" || $line == "value $1 "* ]] || continue
        line=${line#"value $1"}
        printf "%s" "${line# }"
        return 0
    done <<<"$2"
    return 1
}

# _initctl_complete_value KIND CURRENT: the value of an option; of several with a comma between, the last of them.
_initctl_complete_value() {
    local kind=$1 before= choices IFS=$'\n'
    if [[ $kind == directories ]]; then
        compopt -o filenames
        COMPREPLY=($(compgen -d -- "$2"))
        return
    fi
    if [[ $kind == *,... ]]; then
        kind=${kind%,...}
        [[ $2 == *,* ]] && before=${2%,*},
        compopt -o nospace
    fi
    choices=$(_initctl_words "$kind" "")
    COMPREPLY=($(compgen -P "$before" -W "$choices" -- "${2#"$before"}"))
}

_initctl() {
    local current=${COMP_WORDS[COMP_CWORD]} command= completion first= count=0 word option= value= i
    local line=${COMP_LINE:0:COMP_POINT}
    [[ ${COMP_WORDS[0]##*/} == initctl ]] || command=${COMP_WORDS[0]##*/}
    completion=$(initctl help --completion ${command:+"$command"} 2>/dev/null)
    # A word with "=" comes in parts: put it together again.
    current=${line##*[[:space:]]}
    local -a words
    read -ra words <<<"$line"
    [[ -n $current ]] && unset 'words[-1]'
    for word in "${words[@]:1}"; do
        if [[ -n $option ]]; then option=; continue; fi
        if [[ $word == -* ]]; then
            value=$(_initctl_value "$word" "$completion") && option=$word
            continue
        fi
        if [[ -z $command ]]; then
            command=$word
            completion=$(initctl help --completion "$command" 2>/dev/null)
            continue
        fi
        [[ $count == 0 ]] && first=$word
        ((++count))
    done
    local choices IFS=$'\n'
    if [[ $current == --*=* ]] && value=$(_initctl_value "${current%%=*}" "$completion"); then
        option=${current%%=*}
        current=${current#*=}
    fi
    if [[ -n $option ]]; then _initctl_complete_value "$value" "$current"; return; fi
    if [[ $current == -* ]]; then choices=$(_initctl_options "$command")
    elif [[ -z $command ]]; then choices=$(_initctl_commands)
    else choices=$(_initctl_words "$(_initctl_kind "$completion" "$count")" "$first"); fi
    COMPREPLY=($(compgen -W "$choices" -- "$current"))
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
    # What readline takes for the current word begins after the last "=".
    if [[ $current == *=* && $COMP_WORDBREAKS == *=* ]]; then
        for i in "${!COMPREPLY[@]}"; do COMPREPLY[i]=${COMPREPLY[i]#"${current%=*}="}; done
    fi
}

complete -F _initctl initctl start stop restart reload status

# _upstart_options OPTIONS: those that begin as the current word does.
_upstart_options() {
    COMPREPLY=($(compgen -W "$1" -- "${COMP_WORDS[COMP_CWORD]}"))
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
}

_init_checkconf() {
    local current=${COMP_WORDS[COMP_CWORD]} IFS=$' \t\n'
    if [[ $current == -* ]]; then _upstart_options '-f --file -s --noscript --json --stanzas --lints -h --help --version'; return; fi
    compopt -o filenames
    IFS=$'\n'
    COMPREPLY=($(compgen -d -- "$current"; compgen -f -X '!*.conf' -- "$current"; compgen -f -X '!*.override' -- "$current"))
}

# Not asked of the program itself: the `init' of this system may be another.
_upstart_init() {
    local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} IFS=$' \t\n'
    # "--option=value" comes in three words.
    [[ $current == = ]] && current=
    [[ $option == = ]] && option=${COMP_WORDS[COMP_CWORD - 2]}
    case $option in
        --confdir | --prepend-confdir | --append-confdir | --logdir)
            compopt -o filenames
            IFS=$'\n'
            COMPREPLY=($(compgen -d -- "$current")) ;;
        --default-console) COMPREPLY=($(compgen -W 'log output owner none' -- "$current")) ;;
        --startup-event) ;;
        *) _upstart_options '--user --session --container --confdir= --prepend-confdir= --append-confdir= --logdir= --no-log --log-to-stdout --default-console=
            --startup-event= --no-startup-event --no-dbus --no-inherit-env --no-cgroups -q --quiet -v --verbose --debug --help --version' ;;
    esac
}

complete -F _init_checkconf init-checkconf
complete -F _upstart_init init
