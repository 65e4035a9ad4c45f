# Completion of reboot, halt and poweroff for fish.
for program in reboot halt poweroff
    complete -c $program -f
    complete -c $program -s f -l force -d 'tell the kernel at once'
    complete -c $program -s p -l poweroff -d 'switch the power off'
    complete -c $program -s w -l wtmp-only -d 'only record it'
    complete -c $program -s n -l no-sync -d 'write nothing to the disks first'
    complete -c $program -l help -d 'show help'
    complete -c $program -l version -d 'show the version'
end
