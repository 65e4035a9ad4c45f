# Completion of upstart-convert for fish.
complete -c upstart-convert -n 'test (count (commandline -opc)) -eq 1' -a 'systemd supervisord procfile inittab lsb s6 runit' -d 'kind of the files'
complete -c upstart-convert -s o -l output -r -a '(__fish_complete_directories)' -d 'write the jobs to this directory'
complete -c upstart-convert -l session -d 'make jobs for a session of a user'
complete -c upstart-convert -l force -d 'write over files that are there'
complete -c upstart-convert -l strict -d 'exit with 1 if anything could not be converted'
complete -c upstart-convert -s q -l quiet -d 'do not list what could not be converted'
complete -c upstart-convert -l help -d 'show help'
complete -c upstart-convert -l version -d 'show the version'
