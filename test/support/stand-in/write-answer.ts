import { createHash } from 'node:crypto';
import { seededRandom } from './faults.ts';

const openings = [
  'A steady camera shows',
  'The scene presents',
  'In soft light we see',
  'A wide view reveals',
];
const words =
  `amber weathered polished distant narrow gleaming quiet broad shallow crisp pale rusted smooth tall damp woven
  timber concrete steel glass gravel harbour corridor meadow workshop rooftop conveyor archway pavement lantern
  drifts glides settles turns rises fades sways crosses reflects gathers lingers passes under beside beyond along
  shadow highlight texture horizon mist sunlight contrast edge surface rhythm depth motion colour grain detail`
    .split(/\s+/)
    .filter((word) => word !== '');

/** A text of 60 to 110 words that depends on all of `input` and on nothing else. */
export function writeAnswer(input: string): string {
  const seed = createHash('sha256').update(input).digest().readUInt32LE(0);
  const random01 = seededRandom(seed);
  const pick = (list: readonly string[]) => list[Math.floor(random01() * list.length)] ?? '';
  const opening = pick(openings);
  const length = 60 + Math.floor(random01() * 51) - opening.split(' ').length;
  return `${opening} ${Array.from({ length }, () => pick(words)).join(' ')}.`;
}
