# Completion of runlevel for fish.
complete -c runlevel -l set -x -a '0 1 2 3 4 5 6 S' -d 'record this runlevel'
complete -c runlevel -s q -l quiet -d 'print nothing'
complete -c runlevel -s h -l help -d 'show help'
complete -c runlevel -l version -d 'show the version'
