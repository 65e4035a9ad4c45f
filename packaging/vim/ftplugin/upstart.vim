" Upstart job files: comments, and completion of stanzas with CTRL-X CTRL-O.
if exists("b:did_ftplugin")
  finish
endif
let b:did_ftplugin = 1

setlocal commentstring=#\ %s comments=:#
setlocal omnifunc=upstart#Complete
let b:undo_ftplugin = "setlocal commentstring< comments< omnifunc<"
