import { readFile } from 'node:fs/promises';
import { assembleVideo } from '../../../../../src/adapters/video/assembly/assemble.ts';
import type { AssemblyRequest } from '../../../../../src/ports/video-tool.ts';

// The program that tests kill: puts the request in a file together, and says each step it comes to.
const [requestPath = ''] = process.argv.slice(2);
const { times, ...request } = JSON.parse(await readFile(requestPath, 'utf8'));
const timeline = { ...request.timeline, times: Float64Array.from(times) };
await assembleVideo({ ...request, timeline } as AssemblyRequest, ({ step, done }) => {
  process.stdout.write(`${step} ${done}\n`);
});
