import { createHash } from 'node:crypto';
import { z } from 'zod';
import { writeAnswer } from './write-answer.ts';

const nodeSchema = z.looseObject({
  type: z.enum(['object', 'array', 'string', 'integer', 'number', 'boolean']),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  additionalProperties: z.unknown().optional(),
  items: z.unknown().optional(),
});

/** What the stand-in says of a video that it knows nothing about. */
const inventedFacts = { resolution: { H: 1, W: 1 }, fps: 1, duration: '1s' };

/**
 * JSON of a schema, which depends on all of `input`, with facts that were not asked for. Throws for a schema that strict
 * servers refuse.
 */
export function writeJsonAnswer(schema: object, input: string): string {
  const value = sampleOf(schema, '', input);
  return JSON.stringify(Object.assign({}, value, inventedFacts));
}

function sampleOf(schema: unknown, name: string, input: string): unknown {
  const node = nodeSchema.parse(schema);
  if (node.type === 'array') return [sampleOf(node.items, name, `${input}0`)];
  if (node.type === 'integer' || node.type === 'number') return 1;
  if (node.type === 'boolean') return true;
  if (node.type === 'string') return name.startsWith('time') ? '0:00-0:02' : writeAnswer(input + name);
  const keys = Object.keys(node.properties ?? {});
  if (node.additionalProperties !== false || keys.join() !== node.required?.join())
    throw new Error(
      `a strict schema names all keys of ${name || 'its object'} as required, and allows no other`,
    );
  const entries = keys.map((key) => [key, sampleOf(node.properties?.[key], key, `${input}.${name}`)]);
  return Object.fromEntries(entries);
}

/** Wrong in one of four ways, by the input. */
export function breakJson(json: string, input: string): string {
  const value: Record<string, unknown> = JSON.parse(json);
  const [, ...others] = Object.entries(value);
  const ways = [
    json.slice(0, Math.floor(json.length / 2)),
    JSON.stringify(Object.fromEntries(others)),
    JSON.stringify({ ...value, actions: [{ time: 'at first', description: 'something' }] }),
    `The scene is quiet. ${writeAnswer(input)}`,
  ];
  return ways[createHash('sha256').update(input).digest().readUInt8(0) % ways.length] ?? '';
}
