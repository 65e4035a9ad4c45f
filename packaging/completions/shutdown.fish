# Completion of shutdown for fish.
complete -c shutdown -f -a 'now +5'
complete -c shutdown -s r -d reboot
complete -c shutdown -s h -d 'halt or power off'
complete -c shutdown -s H -d halt
complete -c shutdown -s P -d 'power off'
complete -c shutdown -s k -d 'only send the warnings'
complete -c shutdown -s c -d 'cancel a shutdown that waits'
complete -c shutdown -l help -d 'show help'
complete -c shutdown -l version -d 'show the version'
