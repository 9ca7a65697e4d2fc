#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 12)) {
  process.stderr.write(`cosmos needs Node 22.12 or newer; this is Node ${process.versions.node}.\n`);
  process.exit(1);
}
const { enableCompileCache } = await import('node:module');
// Keeps compiled code between runs, in the system's folder for temporary files.
enableCompileCache();
const { execute } = await import('@oclif/core');
await execute({ dir: import.meta.url });
