/**
 * What the start of a run is measured against, as a process of its own: reads every spec of a folder, and asks for the first one
 * with the frames of its hint. It plans, checks and keeps nothing.
 *
 *     node scripts/bench/support/bare-start.ts SPECS HINT.mp4 BASE-URL
 */
import { readdir, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { parseHint } from '../../../src/adapters/media/hint-frames.ts';

const [specs = '', hint = '', baseUrl = ''] = process.argv.slice(2);
const names = await readdir(specs, { recursive: true });
const read = names
  .filter((name) => name.endsWith('.json'))
  .map((name) => readFile(join(specs, name), 'utf8'));
const [first] = (await Promise.all(read)).map((text) => JSON.parse(text));
const images = parseHint(await readFile(hint)).frames.map((jpeg) => {
  const url = `data:image/jpeg;base64,${Buffer.from(jpeg).toString('base64')}`;
  return { type: 'image_url', image_url: { url } };
});
const content = [...images, { type: 'text', text: first.prompt }];
const body = JSON.stringify({ model: 'stand-in', messages: [{ role: 'user', content }] });
const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
request(`${baseUrl}/chat/completions`, { method: 'POST', headers }, (response) => response.resume()).end(
  body,
);
