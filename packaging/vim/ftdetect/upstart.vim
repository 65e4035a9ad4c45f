" Job files of Upstart, where their place tells that they are.
autocmd BufNewFile,BufRead */etc/init/*.conf,*/etc/init/*.override,*/.init/*.conf,*/.init/*.override,*/upstart/*.conf,*/upstart/*.override setfiletype upstart
autocmd BufNewFile,BufRead */etc/event.d/* setfiletype upstart
