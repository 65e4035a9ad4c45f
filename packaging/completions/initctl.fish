# Completion of initctl and its links for fish: asks initctl for commands, their options and what completes their arguments,
# the running init for jobs, instances and events.

function __initctl_jobs
    initctl list 2>/dev/null | string match -v -r '^\t' | string replace -r ' (start|stop|respawn)/.*' '' | string replace -r ' \([^)]*\)$' '' | sort -u
end

function __initctl_instances -a job
    initctl list 2>/dev/null | string match -r -g '^'(string escape --style=regex -- $job)' \((.*)\) (?:start|stop|respawn)/'
end

function __initctl_events
    initctl show-config -e 2>/dev/null | string match -r -g '^  (?:emits|start on|stop on) (\S+)' | sort -u
end

function __initctl_commands
    initctl help 2>/dev/null | string match -r '^  [a-z].*' | string replace -r '^  (\S+) +' '$1\t' | string trim -l
end

# What completes the arguments of a command, and which options take a value, is told by `initctl help --completion COMMAND'.
function __initctl_completion
    initctl help --completion $argv 2>/dev/null
end

# The words before the cursor that are no options nor their values, without the program where that is initctl: command,
# arguments.
function __initctl_words
    set -l tokens (commandline -opc)
    set -l words
    set -l option
    set -l program (path basename $tokens[1])
    test $program = initctl; or set words $program
    set -l completion (__initctl_completion $words)
    for word in $tokens[2..]
        if set -q option[1]
            set -e option
        else if string match -q -- '-*' $word
            string match -q -r -- "^value $word(\$| )" $completion; and set option $word
        else
            set -a words $word
            test (count $words) -eq 1; and set completion (__initctl_completion $word)
        end
    end
    string join \n -- $words
end

function __initctl_needs_command
    test (count (__initctl_words)) -eq 0
end

function __initctl_variables
    set -l job (__initctl_words)[2]
    set -l keys (initctl usage --variables $job 2>/dev/null)
    for key in $keys
        echo $key=
    end
    test (count $keys) -eq 1; or return
    for instance in (__initctl_instances $job)
        echo $keys[1]=$instance
    end
end

# The options of the command, or of every command, with what their help says.
function __initctl_options
    set -l command (__initctl_words)[1]
    for line in (initctl $command --help 2>/dev/null)
        set -l parts (string match -r -g '^ +(?:(-[a-z]), )?(--[a-z-]+=?)\S* *(.*)' -- $line); or continue
        test (count $parts) -eq 3 -a -n "$parts[1]"; and printf '%s\t%s\n' $parts[1] $parts[-1]
        printf '%s\t%s\n' $parts[-2] $parts[-1]
    end
end

# What can stand at the cursor as an argument of the command.
function __initctl_arguments
    set -l words (__initctl_words)
    test (count $words) -eq 0; and return
    set -l kinds (__initctl_completion $words[1] | string match -r -g '^arguments (.*)' | string split ' ')
    set -q kinds[1]; or return
    set -l kind $kinds[(count $words)]
    set -q kind[1]; or set kind (string match -- '*...' $kinds[-1])
    __initctl_words_of (string replace -- ... '' "$kind") $words[2]
end

# What there is of a kind; of the instances those of this job.
function __initctl_words_of -a kind job
    switch "$kind"
        case jobs
            __initctl_jobs
        case instances
            __initctl_instances $job
        case variables
            __initctl_variables
            __initctl_jobs
        case events
            __initctl_events
        case environment assignments
            initctl list-env 2>/dev/null | string replace -r '=.*' ''
        case commands
            __initctl_commands
        case '*|*'
            string split '|' -- $kind
    end
end

# Whether the value of an option stands at the cursor, behind the option or the "=" of it; prints what completes that.
function __initctl_value_kind
    set -l option (commandline -opc)[-1]
    set -l token (commandline -ct)
    string match -q -- '--*=*' $token; and set option (string replace -r '=.*' '' -- $token)
    set -l words (__initctl_words)
    __initctl_completion $words[1] | string match -r -g -- '^value '(string escape --style=regex -- $option)'(?: (.*))?$'
end

# What can stand there; of several values with a comma between, the last of them.
function __initctl_values
    set -l kind (__initctl_value_kind); or return
    set -l value (commandline -ct)
    set -l before (string match -r -- '^--[^=]*=' $value)
    test -n "$before"; and set value (string replace -r -- '^--[^=]*=' '' $value)
    if test "$kind" = directories
        printf '%s\n' "$before"(__fish_complete_directories "$value")
        return
    end
    string match -q -- '*,...' "$kind"; and set before "$before"(string match -r -- '^.*,' $value)
    printf '%s\n' "$before"(__initctl_words_of (string replace -- ,... '' "$kind"))
end

function __initctl_at_value
    __initctl_value_kind >/dev/null
end

for program in initctl start stop restart reload status
    complete -c $program -e # this file is read once for each of the names
    complete -c $program -f
    complete -c $program -n 'not __initctl_at_value; and string match -q -- "-*" (commandline -ct)' -a '(__initctl_options)'
    complete -c $program -n __initctl_at_value -a '(__initctl_values)'
    complete -c $program -n 'not __initctl_at_value' -a '(__initctl_arguments)'
end
complete -c initctl -n 'not __initctl_at_value; and __initctl_needs_command' -a '(__initctl_commands)'
