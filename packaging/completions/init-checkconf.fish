# Completion of init-checkconf for fish.
complete -c init-checkconf -f -a '(__fish_complete_suffix .conf; __fish_complete_suffix .override)'
complete -c init-checkconf -s f -l file -r -d 'job file'
complete -c init-checkconf -s s -l noscript -d 'do not ask the shell about the syntax of scripts'
complete -c init-checkconf -l json -d 'say everything as JSON'
complete -c init-checkconf -l stanzas -d 'list the stanzas of the language'
complete -c init-checkconf -l lints -d 'list the warnings by name'
complete -c init-checkconf -s h -l help -d 'show help'
complete -c init-checkconf -l version -d 'show the version'
