" Completion of the stanzas of Upstart job files: CTRL-X CTRL-O.
" Generated from the table of stanzas by the target job-language-texts; do not edit.

let s:stanzas = [
      \ {'word': 'apparmor load', 'menu': 'PROFILE', 'info': 'AppArmor profile loaded before pre-start'},
      \ {'word': 'apparmor switch', 'menu': 'NAME', 'info': 'AppArmor profile of the main process'},
      \ {'word': 'author', 'menu': 'TEXT', 'info': 'who wrote the job'},
      \ {'word': 'cgroup', 'menu': 'CONTROLLER [NAME] [KEY VALUE]', 'info': 'control group of the processes'},
      \ {'word': 'chdir', 'menu': 'DIR', 'info': 'working directory'},
      \ {'word': 'chroot', 'menu': 'DIR', 'info': 'root directory'},
      \ {'word': 'console', 'menu': 'none|log|output|owner', 'info': 'where standard output and error go'},
      \ {'word': 'debug', 'menu': '', 'info': 'each process stops itself before it is executed (init --debug)'},
      \ {'word': 'description', 'menu': 'TEXT', 'info': 'what the job is'},
      \ {'word': 'emits', 'menu': 'EVENT…', 'info': 'events that the job''s processes emit'},
      \ {'word': 'env', 'menu': 'KEY[=VALUE]', 'info': 'a variable of the job''s environment, or one taken over from init'},
      \ {'word': 'exec', 'menu': 'COMMAND [ARG…]', 'info': 'the main process'},
      \ {'word': 'expect', 'menu': 'stop|fork|daemon|none|readyfd|notify', 'info': 'how the main process says that it is ready'},
      \ {'word': 'export', 'menu': 'KEY…', 'info': 'variables that the job''s events carry'},
      \ {'word': 'import', 'menu': 'KEY…', 'info': 'variables taken over from the start event or command'},
      \ {'word': 'instance', 'menu': 'NAME', 'info': 'name of each instance, with variables of its start'},
      \ {'word': 'kill mode', 'menu': 'all|group|process', 'info': 'whom a stop ends'},
      \ {'word': 'kill signal', 'menu': 'SIGNAL', 'info': 'what stops the main process'},
      \ {'word': 'kill timeout', 'menu': 'SECONDS', 'info': 'how long to wait before SIGKILL'},
      \ {'word': 'limit', 'menu': 'RESOURCE SOFT|unlimited HARD|unlimited', 'info': 'a resource limit'},
      \ {'word': 'manual', 'menu': '', 'info': 'drops a start on that came before'},
      \ {'word': 'nice', 'menu': '-20…19', 'info': 'scheduling priority'},
      \ {'word': 'normal exit', 'menu': 'STATUS|SIGNAL…', 'info': 'ends that are not failures'},
      \ {'word': 'normalexit', 'menu': 'STATUS|SIGNAL…', 'info': 'the same as normal exit'},
      \ {'word': 'on', 'menu': 'EVENT [ARG…] [and|or …]', 'info': 'the same as start on'},
      \ {'word': 'oom', 'menu': '-17…15|never', 'info': 'the older scale of oom score'},
      \ {'word': 'oom score', 'menu': '-1000…1000|never', 'info': 'how soon the kernel may end the job for want of memory'},
      \ {'word': 'post-start exec', 'menu': 'COMMAND [ARG…]', 'info': 'runs when the main process is ready'},
      \ {'word': 'post-start script', 'menu': '', 'info': 'the same as a script'},
      \ {'word': 'post-stop exec', 'menu': 'COMMAND [ARG…]', 'info': 'runs when the main process has ended'},
      \ {'word': 'post-stop script', 'menu': '', 'info': 'the same as a script'},
      \ {'word': 'pre-start exec', 'menu': 'COMMAND [ARG…]', 'info': 'runs before the main process'},
      \ {'word': 'pre-start script', 'menu': '', 'info': 'the same as a script'},
      \ {'word': 'pre-stop exec', 'menu': 'COMMAND [ARG…]', 'info': 'runs before the main process is stopped'},
      \ {'word': 'pre-stop script', 'menu': '', 'info': 'the same as a script'},
      \ {'word': 'reload signal', 'menu': 'SIGNAL', 'info': 'what initctl reload sends'},
      \ {'word': 'respawn', 'menu': '', 'info': 'start the main process again when it ends abnormally'},
      \ {'word': 'respawn limit', 'menu': 'COUNT INTERVAL|unlimited', 'info': 'at most COUNT respawns in INTERVAL seconds'},
      \ {'word': 'script', 'menu': '', 'info': 'the main process, a shell script up to end script'},
      \ {'word': 'service', 'menu': '', 'info': 'the job is done when it runs'},
      \ {'word': 'setgid', 'menu': 'GROUP', 'info': 'group that the processes run as'},
      \ {'word': 'setuid', 'menu': 'USER', 'info': 'user that the processes run as'},
      \ {'word': 'start on', 'menu': 'EVENT [ARG…] [and|or …]', 'info': 'the events that start the job'},
      \ {'word': 'start script', 'menu': '', 'info': 'the older name of pre-start script'},
      \ {'word': 'stop on', 'menu': 'EVENT [ARG…] [and|or …]', 'info': 'the events that stop the job'},
      \ {'word': 'stop script', 'menu': '', 'info': 'the older name of pre-stop script'},
      \ {'word': 'task', 'menu': '', 'info': 'the job is done when it has run'},
      \ {'word': 'tmpfiles', 'menu': 'PATH…', 'info': 'tmpfiles.d files applied before pre-start'},
      \ {'word': 'umask', 'menu': 'OCTAL', 'info': 'file creation mask'},
      \ {'word': 'usage', 'menu': 'TEXT', 'info': 'shown by initctl usage, and when instance variables are missing'},
      \ {'word': 'version', 'menu': 'TEXT', 'info': 'which version of the job this is'},
      \ {'word': 'watchdog', 'menu': 'SECONDS', 'info': 'with expect notify: how long the main process may be silent'},
      \ ]
let s:words = {
      \ 'console': 'none log logged output owner',
      \ 'expect': 'stop fork daemon none readyfd notify',
      \ 'kill mode': 'all group process',
      \ 'kill signal': 'TERM INT QUIT HUP KILL',
      \ 'limit': 'unlimited as core cpu data fsize memlock msgqueue nice nofile nproc rss rtprio sigpending stack',
      \ 'normal exit': 'TERM INT QUIT HUP KILL',
      \ 'normalexit': 'TERM INT QUIT HUP KILL',
      \ 'oom': 'never',
      \ 'oom score': 'never',
      \ 'reload signal': 'TERM INT QUIT HUP KILL',
      \ 'respawn limit': 'unlimited',
      \ }

function! upstart#Complete(findstart, base) abort
  let before = strpart(getline('.'), 0, col('.') - 1)
  let stanza = substitute(matchstr(before, '^\s*\zs\l\%(.*\s\)\?\ze\S*$'), '\s\+', ' ', 'g')
  let stanza = substitute(stanza, ' $', '', '')
  if a:findstart
    return has_key(s:words, stanza) ? matchend(before, '.*\s') : matchend(before, '^\s*')
  endif
  if has_key(s:words, stanza)
    return filter(split(s:words[stanza]), 'stridx(v:val, a:base) == 0')
  endif
  return filter(copy(s:stanzas), 'stridx(v:val.word, a:base) == 0')
endfunction
