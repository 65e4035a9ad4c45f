# Completion of the bridges for fish. Fish loads it by the name of each of them.
for bridge in socket file udev dbus event local timer mqtt
    set -l program upstart-$bridge-bridge
    complete -c $program -f
    complete -c $program -l run-directory -x -a '(__fish_complete_directories)' -d 'where the daemons\' sockets are'
    complete -c $program -l user -d 'serve the session of UPSTART_SESSION'
    complete -c $program -l system -d 'serve the system\'s Upstart'
    complete -c $program -l daemon -d 'go to the background'
    complete -c $program -l bus -x -d 'address of the bus to join'
    complete -c $program -s q -l quiet -d 'log errors only'
    complete -c $program -s v -l verbose -d 'log also what is done'
    complete -c $program -l debug -d 'log everything'
    complete -c $program -s h -l help -d 'show help'
    complete -c $program -l version -d 'show the version'
end
complete -c upstart-udev-bridge -l no-coldplug -d 'do not tell of devices that are there at the start'
complete -c upstart-udev-bridge -l no-strip -d 'keep bytes that are not printable'
complete -c upstart-udev-bridge -l monitor -x -a 'udev kernel' -d 'whose messages'
complete -c upstart-dbus-bridge -l session -d 'the session bus where a job names no BUS'
complete -c upstart-dbus-bridge -l always -d 'an event for every signal'
complete -c upstart-dbus-bridge -l bus-name -x -d 'BUS of the events'
complete -c upstart-local-bridge -l event -x -d 'the event to emit'
complete -c upstart-local-bridge -l path -r -d 'where to listen'
complete -c upstart-local-bridge -l any-user -d 'let clients of all users write'
complete -c upstart-mqtt-bridge -l configuration -r -d 'the file to read in place of fleet.conf'
complete -c upstart-mqtt-bridge -l state-directory -r -d 'where events wait, and what is known is kept'
