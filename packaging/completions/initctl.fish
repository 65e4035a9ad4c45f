# Completion of initctl and its links for fish: asks initctl for commands, the running init for jobs, instances and
# events.

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

# The words before the cursor that are no options nor their values, without the program where that is initctl: command,
# arguments.
function __initctl_words
    set -l words
    set -l option
    for word in (commandline -opc)
        if set -q option[1]
            set -e option
        else if contains -- $word --dest --confdir --lines --ignore-events -i
            set option $word
        else if test $word = -n; and string match -q -r '^(log|history)$' -- $words
            set option $word
        else if not string match -q -- '-*' $word
            set -a words $word
        end
    end
    set -l program (path basename $words[1])
    test $program = initctl; and set -e words[1]; or set words[1] $program
    string join \n -- $words
end

function __initctl_needs_command
    test (count (__initctl_words)) -eq 0
end

# __initctl_at N COMMAND…: the cursor is at argument N of one of these commands.
function __initctl_at -a number
    set -l words (__initctl_words)
    test (count $words) -eq (math $number + 1); and contains -- $words[1] $argv[2..]
end

function __initctl_after_job
    set -l words (__initctl_words)
    test (count $words) -ge 2; and contains -- $words[1] start stop restart reload status
end

function __initctl_variables
    set -l job (__initctl_words)[2]
    for key in (initctl show-config $job 2>/dev/null | string match -a -r -g '([A-Za-z_]+)=\$' | sort -u)
        echo $key=
        for instance in (__initctl_instances $job)
            echo $key=$instance
        end
    end
end

for program in initctl start stop restart reload status
    complete -c $program -f
    complete -c $program -l session -d 'use the D-Bus session bus'
    complete -c $program -l system -d 'use the D-Bus system bus'
    complete -c $program -l dest -x -d 'name of the init daemon on the bus'
    complete -c $program -l user -d 'talk to the session of UPSTART_SESSION'
    complete -c $program -l json -d 'print JSON'
    complete -c $program -s q -l quiet -d 'print errors only'
    complete -c $program -s v -l verbose -d 'print more'
    complete -c $program -l help -d 'show help'
    complete -c $program -l version -d 'show the version'
    complete -c $program -n '__initctl_at 0 start stop restart emit; or __initctl_after_job' -s n -l no-wait -d 'return at once'
    complete -c $program -n '__initctl_at 0 start stop restart reload status show-config check-config usage explain log' -a '(__initctl_jobs)'
    complete -c $program -n __initctl_after_job -a '(__initctl_variables)'
end
complete -c initctl -n __initctl_needs_command -a '(__initctl_commands)'
complete -c initctl -n '__initctl_at 0 help' -a '(__initctl_commands)'
complete -c initctl -n '__initctl_at 0 emit simulate' -a '(__initctl_events)'
complete -c initctl -n '__initctl_at 0 simulate; or __initctl_at 1 simulate' -l confdir -x -a '(__fish_complete_directories)' -d 'read job files from this directory'
complete -c initctl -n '__initctl_at 1 log' -a '(__initctl_instances (__initctl_words)[2])'
complete -c initctl -n '__initctl_at 0 monitor graph; or __initctl_at 1 monitor graph' -a '(__initctl_jobs)'
complete -c initctl -n '__initctl_at 0 log-priority' -a 'debug info message warn error fatal'
complete -c initctl -n '__initctl_at 0 get-env unset-env set-env' -a '(initctl list-env 2>/dev/null | string replace -r "=.*" "")'
