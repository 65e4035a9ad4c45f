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

" Generated from the table of stanzas by the target job-language-texts; do not edit between the marks.
" begin generated: stanzas
syn match upstartStanza "^\s*apparmor\s\+load\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*apparmor\s\+switch\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*author\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*capability\s\+ambient\>" nextgroup=upstartNumber,upstartCapabilityAmbientWord skipwhite
syn keyword upstartCapabilityAmbientWord none contained
hi def link upstartCapabilityAmbientWord Constant
syn match upstartStanza "^\s*capability\s\+bounding\>" nextgroup=upstartNumber,upstartCapabilityBoundingWord skipwhite
syn keyword upstartCapabilityBoundingWord all none contained
hi def link upstartCapabilityBoundingWord Constant
syn match upstartStanza "^\s*cgroup\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*chdir\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*chroot\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*console\>" nextgroup=upstartNumber,upstartConsoleWord skipwhite
syn keyword upstartConsoleWord none log logged output owner contained
hi def link upstartConsoleWord Constant
syn match upstartStanza "^\s*cpu\s\+max\>" nextgroup=upstartNumber,upstartCpuMaxWord skipwhite
syn keyword upstartCpuMaxWord unlimited contained
hi def link upstartCpuMaxWord Constant
syn match upstartStanza "^\s*cpu\s\+weight\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*debug\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*description\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*emits\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*env\>" nextgroup=upstartNumber skipwhite
syn match upstartProcess "^\s*exec\>"
syn match upstartStanza "^\s*expect\>" nextgroup=upstartNumber,upstartExpectWord skipwhite
syn keyword upstartExpectWord stop fork daemon none readyfd notify contained
hi def link upstartExpectWord Constant
syn match upstartStanza "^\s*export\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*import\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*instance\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*io\s\+weight\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*kill\s\+mode\>" nextgroup=upstartNumber,upstartKillModeWord skipwhite
syn keyword upstartKillModeWord all group process contained
hi def link upstartKillModeWord Constant
syn match upstartStanza "^\s*kill\s\+signal\>" nextgroup=upstartNumber,upstartKillSignalWord skipwhite
syn keyword upstartKillSignalWord TERM INT QUIT HUP KILL contained
hi def link upstartKillSignalWord Constant
syn match upstartStanza "^\s*kill\s\+timeout\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*limit\>" nextgroup=upstartNumber,upstartLimitWord skipwhite
syn keyword upstartLimitWord unlimited as core cpu data fsize memlock msgqueue nice nofile nproc rss rtprio sigpending stack contained
hi def link upstartLimitWord Constant
syn match upstartStanza "^\s*manual\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*memory\s\+high\>" nextgroup=upstartNumber,upstartMemoryHighWord skipwhite
syn keyword upstartMemoryHighWord unlimited contained
hi def link upstartMemoryHighWord Constant
syn match upstartStanza "^\s*memory\s\+max\>" nextgroup=upstartNumber,upstartMemoryMaxWord skipwhite
syn keyword upstartMemoryMaxWord unlimited contained
hi def link upstartMemoryMaxWord Constant
syn match upstartStanza "^\s*nice\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*no-new-privs\>" nextgroup=upstartNumber,upstartNoNewPrivsWord skipwhite
syn keyword upstartNoNewPrivsWord off contained
hi def link upstartNoNewPrivsWord Constant
syn match upstartStanza "^\s*normal\s\+exit\>" nextgroup=upstartNumber,upstartNormalExitWord skipwhite
syn keyword upstartNormalExitWord TERM INT QUIT HUP KILL contained
hi def link upstartNormalExitWord Constant
syn match upstartStanza "^\s*normalexit\>" nextgroup=upstartNumber,upstartNormalexitWord skipwhite
syn keyword upstartNormalexitWord TERM INT QUIT HUP KILL contained
hi def link upstartNormalexitWord Constant
syn match upstartStanza "^\s*oom\>" nextgroup=upstartNumber,upstartOomWord skipwhite
syn keyword upstartOomWord never contained
hi def link upstartOomWord Constant
syn match upstartStanza "^\s*oom\s\+score\>" nextgroup=upstartNumber,upstartOomScoreWord skipwhite
syn keyword upstartOomScoreWord never contained
hi def link upstartOomScoreWord Constant
syn match upstartProcess "^\s*post-start\s\+exec\>"
syn match upstartProcess "^\s*post-stop\s\+exec\>"
syn match upstartProcess "^\s*pre-start\s\+exec\>"
syn match upstartProcess "^\s*pre-stop\s\+exec\>"
syn match upstartStanza "^\s*private\s\+tmp\>" nextgroup=upstartNumber,upstartPrivateTmpWord skipwhite
syn keyword upstartPrivateTmpWord off contained
hi def link upstartPrivateTmpWord Constant
syn match upstartStanza "^\s*protect\s\+except\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*protect\s\+home\>" nextgroup=upstartNumber,upstartProtectHomeWord skipwhite
syn keyword upstartProtectHomeWord empty read-only off contained
hi def link upstartProtectHomeWord Constant
syn match upstartStanza "^\s*protect\s\+system\>" nextgroup=upstartNumber,upstartProtectSystemWord skipwhite
syn keyword upstartProtectSystemWord usr strict off contained
hi def link upstartProtectSystemWord Constant
syn match upstartStanza "^\s*reload\s\+signal\>" nextgroup=upstartNumber,upstartReloadSignalWord skipwhite
syn keyword upstartReloadSignalWord TERM INT QUIT HUP KILL contained
hi def link upstartReloadSignalWord Constant
syn match upstartStanza "^\s*respawn\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*respawn\s\+limit\>" nextgroup=upstartNumber,upstartRespawnLimitWord skipwhite
syn keyword upstartRespawnLimitWord unlimited contained
hi def link upstartRespawnLimitWord Constant
syn match upstartStanza "^\s*service\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*setgid\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*setuid\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*task\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*tasks\s\+max\>" nextgroup=upstartNumber,upstartTasksMaxWord skipwhite
syn keyword upstartTasksMaxWord unlimited contained
hi def link upstartTasksMaxWord Constant
syn match upstartStanza "^\s*tmpfiles\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*umask\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*usage\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*version\>" nextgroup=upstartNumber skipwhite
syn match upstartStanza "^\s*watchdog\>" nextgroup=upstartNumber skipwhite
syn region upstartCondition matchgroup=upstartStanza start="^\s*on\>" start="^\s*start\s\+on\>" start="^\s*stop\s\+on\>" skip="\\$" end="$" contains=@upstartExpression
syn region upstartScript matchgroup=upstartProcess start="^\s*post-start\s\+script\s*\%(#.*\)\?$" start="^\s*post-stop\s\+script\s*\%(#.*\)\?$" start="^\s*pre-start\s\+script\s*\%(#.*\)\?$" start="^\s*pre-stop\s\+script\s*\%(#.*\)\?$" start="^\s*script\s*\%(#.*\)\?$" start="^\s*start\s\+script\s*\%(#.*\)\?$" start="^\s*stop\s\+script\s*\%(#.*\)\?$" end="^\s*end\%(\s\+\|-\)script\s*\%(#.*\)\?$" contains=@upstartShell fold
" end generated: stanzas

" Event expressions
syn cluster upstartExpression contains=upstartGroup,upstartOperator,upstartEvent,upstartMatch,upstartString,upstartVariable,upstartComment
syn region upstartGroup matchgroup=upstartParenthesis start="(" end=")" contained contains=@upstartExpression
syn keyword upstartOperator and or contained
syn keyword upstartEvent startup starting started stopping stopped runlevel socket session-end contained
syn match upstartMatch "\<\h\w*!\?=" contained

hi def link upstartComment Comment
hi def link upstartTodo Todo
hi def link upstartString String
hi def link upstartVariable Identifier
hi def link upstartNumber Number
hi def link upstartContinuation Special
hi def link upstartStanza Statement
hi def link upstartProcess PreProc
hi def link upstartOperator Operator
hi def link upstartParenthesis Delimiter
hi def link upstartEvent Function
hi def link upstartMatch Identifier

let b:current_syntax = "upstart"
let &cpo = s:cpo_save
unlet s:cpo_save
