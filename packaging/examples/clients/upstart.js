#!/usr/bin/env node
// A client of Upstart for Node, by dbus-next (npm install dbus-next).
//
//   upstart.js start JOB [KEY=VALUE]...   start the job, and wait until it runs (a task: until it is done)
//   upstart.js events                     follow events: a line for each, when it has finished
const dbus = require('dbus-next');

const name = 'com.ubuntu.Upstart', manager = '/com/ubuntu/Upstart', upstart = 'com.ubuntu.Upstart0_6';
const bus = process.env.UPSTART_SESSION ? dbus.sessionBus() : dbus.systemBus();

const object = async (path, iface) => (await bus.getProxyObject(name, path)).getInterface(iface);

async function start(job, ...variables) {
  const path = await (await object(manager, upstart)).GetJobByName(job);
  const instance = await (await object(path, `${upstart}.Job`)).Start(variables, true);
  console.log(`${job} runs as ${instance}`);
  bus.disconnect();
}

async function events() {
  (await object(manager, upstart)).on('EventEmitted', (event, variables) => console.log([event, ...variables].join(' ')));
}

const [command, ...words] = process.argv.slice(2);
const commands = {start, events};
if (!(command in commands)) {
  console.error('usage: upstart.js start JOB [KEY=VALUE]... | events');
  process.exit(2);
}
commands[command](...words).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
