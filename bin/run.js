#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 12)) {
  process.stderr.write(`cosmos needs Node 22.12 or newer; this is Node ${process.versions.node}.\n`);
  process.exit(1);
}

// A closed pipe or terminal ends what is shown, not what is done.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') process.exitCode = 1;
  });
}

// Keeps compiled code between runs, where only this user may write.
const { enableCompileCache } = await import('node:module');
const { join } = await import('node:path');
const { homedir } = await import('node:os');
const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
enableCompileCache(join(XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), '.cache'), 'cosmos', 'compiled'));

const { handle, run } = await import('@oclif/core');
await run(process.argv.slice(2), import.meta.url).catch(handle);
