" Vim syntax file
" Language: Upstart job files, see init(5)

if exists("b:current_syntax")
  finish
endif
let s:cpo_save = &cpo
set cpo&vim

syn include @upstartShell syntax/sh.vim
unlet! b:current_syntax

syn case match
syn sync minlines=100

syn match upstartComment "\%(^\|\s\)\zs#.*$" contains=upstartTodo,@Spell
syn keyword upstartTodo TODO FIXME XXX contained
syn region upstartString start=+"+ skip=+\\"+ end=+"+ contains=upstartVariable
syn region upstartString start=+'+ skip=+\\'+ end=+'+ contains=upstartVariable
syn match upstartVariable "\$\%(\w\+\|{[^}]*}\)"
syn match upstartNumber "\<-\?\d\+\>" contained
syn match upstartContinuation "\\$"

" Stanzas of one word, with what may follow them
syn match upstartStanza "^\s*\%(description\|author\|version\|usage\|manual\|task\|instance\|respawn\|service\|debug\|nice\|umask\|chroot\|chdir\|setuid\|setgid\|cgroup\|tmpfiles\)\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*\%(env\|export\|import\|emits\)\>"
syn match upstartStanza "^\s*normal\s\+exit\>"
syn match upstartStanza "^\s*normalexit\>"
syn match upstartStanza "^\s*respawn\s\+limit\>" nextgroup=upstartUnlimited skipwhite
syn match upstartStanza "^\s*kill\s\+\%(signal\|timeout\)\>"
syn match upstartStanza "^\s*reload\s\+signal\>"
syn match upstartStanza "^\s*oom\%(\s\+score\)\?\>" nextgroup=upstartNever skipwhite
syn match upstartStanza "^\s*limit\>" nextgroup=upstartResource skipwhite
syn match upstartStanza "^\s*expect\>" nextgroup=upstartExpect skipwhite
syn match upstartStanza "^\s*console\>" nextgroup=upstartConsole skipwhite
syn match upstartStanza "^\s*apparmor\s\+\%(load\|switch\)\>"
syn keyword upstartUnlimited unlimited contained
syn keyword upstartNever never contained
syn keyword upstartResource as core cpu data fsize memlock msgqueue nice nofile nproc rss rtprio sigpending stack contained
syn keyword upstartExpect stop fork daemon none readyfd notify contained
syn keyword upstartConsole none log logged output owner contained

" Event expressions
syn region upstartCondition matchgroup=upstartStanza start="^\s*\%(start\|stop\)\s\+on\>" start="^\s*on\>" skip="\\$" end="$" contains=upstartGroup,upstartOperator,upstartEvent,upstartMatch,upstartString,upstartVariable,upstartComment
syn region upstartGroup matchgroup=upstartParenthesis start="(" end=")" contained contains=upstartGroup,upstartOperator,upstartEvent,upstartMatch,upstartString,upstartVariable,upstartComment
syn keyword upstartOperator and or contained
syn keyword upstartEvent startup starting started stopping stopped runlevel socket session-end contained
syn match upstartMatch "\<\h\w*!\?=" contained

" Processes
syn match upstartProcess "^\s*\%(\%(pre\|post\)-\%(start\|stop\)\s\+\)\?exec\>"
syn region upstartScript matchgroup=upstartProcess start="^\s*\%(\%(pre\|post\)-\%(start\|stop\)\s\+\|\%(start\|stop\)\s\+\)\?script\s*\%(#.*\)\?$" end="^\s*end\%(\s\+\|-\)script\s*\%(#.*\)\?$" contains=@upstartShell fold

hi def link upstartComment Comment
hi def link upstartTodo Todo
hi def link upstartString String
hi def link upstartVariable Identifier
hi def link upstartNumber Number
hi def link upstartContinuation Special
hi def link upstartStanza Statement
hi def link upstartProcess PreProc
hi def link upstartUnlimited Constant
hi def link upstartNever Constant
hi def link upstartResource Type
hi def link upstartExpect Constant
hi def link upstartConsole Constant
hi def link upstartOperator Operator
hi def link upstartParenthesis Delimiter
hi def link upstartEvent Function
hi def link upstartMatch Identifier

let b:current_syntax = "upstart"
let &cpo = s:cpo_save
unlet s:cpo_save
