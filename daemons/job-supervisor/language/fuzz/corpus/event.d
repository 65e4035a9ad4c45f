on stopped rc2
start on runlevel 5
stop on runlevel [!5]
console logged
service
normalexit 1 HUP
respawn /sbin/getty 38400 tty1
start script
  x
end script
stop script
y
end script
