/** A program that behaves like a lane up to a point; its options name the way it goes wrong as the model's path. */
import { readSync, writeSync } from 'node:fs';

const { modelPath: way } = JSON.parse(process.argv[3] ?? '{}');
const say = (kind, length, body = Buffer.alloc(0)) => {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(kind, 0);
  header.writeUInt32LE(length, 4);
  writeSync(1, Buffer.concat([header, body]));
};
const facts = Buffer.from(
  JSON.stringify({
    ...{ provider: 'cpu', scale: 2, batch: null, alignment: 1, radius: 0, padding: 0, notes: [] },
    fixed: { width: null, height: null },
  }),
);

if (way === 'dies at once') {
  writeSync(2, 'Segmentation fault, or so\n');
  process.exit(139);
}
if (way === 'has no runtime') {
  const trouble = Buffer.from(JSON.stringify({ reason: 'runtime', message: 'It is not here.' }));
  say(3, trouble.length, trouble);
}
if (way === 'never begins' || way === 'has no runtime') setInterval(() => undefined, 1000);
else {
  say(1, facts.length, facts);
  readSync(0, Buffer.alloc(8));
  if (way === 'is killed') process.kill(process.pid, 'SIGKILL');
  if (way === 'dies half-way') {
    say(2, 1, Buffer.alloc(3));
    process.exit(7);
  }
  if (way === 'talks nonsense') say(77, 1);
  if (way === 'gives too many') say(2, 2, Buffer.alloc(2 * 3 * 4 * 16 * 16));
  setInterval(() => undefined, 1000);
}
