# Completion of telinit for fish.
complete -c telinit -f -a '0\t"halt or power off" 1\t"one user" 2\t"many users" 3\t"many users" 4\t"many users" 5\t"many users" 6\treboot S\t"one user" q\t"read job files again" u\t"execute init anew"'
complete -c telinit -s e -x -d 'put a variable KEY=VALUE into the event'
complete -c telinit -s h -l help -d 'show help'
complete -c telinit -l version -d 'show the version'
