/**
 * Cuts a run's journal and its checkpoint off after every byte and resumes the run each time:
 * `node scripts/soak/truncations.ts`, with --step N for every Nth byte only.
 */
import { parseArgs } from 'node:util';
import { TruncationScene } from './truncation-scene.ts';

const { values } = parseArgs({ options: { step: { type: 'string', default: '1' } } });
const step = Number(values.step);

await using scene = await TruncationScene.create();
const tally = new Map<string, number>();
for (let length = 0; length <= scene.journal.length; length += step) {
  const fault = await scene.resumeFrom(scene.journal.subarray(0, length), length % 2 === 0);
  count(fault === null ? 'journal: resumed to the same end, nothing asked again' : `journal: FAULT ${fault}`);
}
for (let length = 0; length < scene.checkpoint.length - 1; length += step) {
  const code = await scene.exitCodeWith(scene.checkpoint.subarray(0, length));
  count(code === 6 ? 'checkpoint: refused with exit code 6' : `checkpoint: FAULT exit code ${code}`);
}
for (const [what, times] of tally) process.stdout.write(`${times} times ${what}\n`);
if ([...tally.keys()].some((what) => what.includes('FAULT'))) process.exitCode = 1;

function count(what: string): void {
  tally.set(what, (tally.get(what) ?? 0) + 1);
}
