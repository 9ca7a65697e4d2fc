#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 12)) {
  process.stderr.write(`cosmos needs Node 22.12 or newer; this is Node ${process.versions.node}.\n`);
  process.exit(1);
}

// Windows looks for a program in the folder one is in before the PATH: ffmpeg is not what came with a folder.
if (process.platform === 'win32') process.env.NoDefaultCurrentDirectoryInExePath = '1';

// A video's lines, one for each frame and packet, are garbage as soon as they are read: new objects need no 64 MB for that, which
// V8 would come to take. What holds very many specs is better off with it.
if (['upscale', 'retouch'].includes(process.argv[2])) {
  const { setFlagsFromString } = await import('node:v8');
  setFlagsFromString('--semi-space-growth-factor=1');
}

// Keeps compiled code between runs, where only this user may write.
const { enableCompileCache } = await import('node:module');
const { join } = await import('node:path');
const { homedir, userInfo } = await import('node:os');
const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
enableCompileCache(join(XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), '.cache'), 'cosmos', 'compiled'));

// oclif asks the system for the user's shell where no variable names it; a container may run as a number that it does not know.
try {
  userInfo();
} catch {
  process.env.SHELL ||= '/bin/sh';
}

const { handle, run } = await import('#oclif');

// A closed pipe or terminal ends what is shown, not what is done; output that cannot be written is told in a sentence,
// where oclif's own listener would throw.
let isOutputLost = false;
for (const stream of [process.stdout, process.stderr]) {
  stream.removeAllListeners('error');
  stream.on('error', (error) => {
    if (error.code === 'EPIPE' || error.code === 'EIO' || isOutputLost) return;
    isOutputLost = true;
    const hint = 'Free some space or choose another target; finished work is kept.';
    if (stream === process.stdout)
      process.stderr.write(`Error: The output cannot be written: ${error.message}.\n  → ${hint}\n`);
  });
}
process.on('exit', () => {
  if (isOutputLost) process.exitCode ||= 1;
});

await run(process.argv.slice(2), import.meta.url).catch(handle);
