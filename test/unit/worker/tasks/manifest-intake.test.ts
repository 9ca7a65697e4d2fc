import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manifestSchema } from '../../../../src/protocol/manifest.ts';
import { ApiError } from '../../../../src/worker/http/json-server.ts';
import { parseManifest } from '../../../../src/worker/tasks/manifest-intake.ts';
import { sampleEngine, sampleTasks } from '../../../support/sample-work.ts';

const hint = { sha256: 'a'.repeat(64), width: 320, height: 180, frames: 2 };
const manifest = {
  version: 1,
  kind: 'upsample',
  run_id: 'run-1',
  worker_id: 0,
  engine: sampleEngine('http://127.0.0.1:8000/v1'),
  batches: [{ batch_id: 0, tasks: sampleTasks(2, hint) }],
};
const text = JSON.stringify(manifest);

function problemOf(broken: string): string {
  try {
    parseManifest(broken, 'm.json');
  } catch (error) {
    if (error instanceof ApiError) return error.message;
    throw error;
  }
  throw new Error('it was taken for a manifest');
}

describe('parseManifest', () => {
  it('takes a manifest', () => expect(parseManifest(text, 'm.json')).toEqual(manifest));

  it.each([
    { rule: 'another version', broken: text.replace('"version":1', '"version":2'), says: /at version/ },
    { rule: 'another kind', broken: text.replace('upsample', 'download'), says: /at kind/ },
    {
      rule: 'work for an engine of another kind',
      broken: text.replace('upsample', 'upscale'),
      says: /at engine/,
    },
    {
      rule: 'a hash that is a path',
      broken: text.replaceAll('a'.repeat(64), '../../etc/passwd'),
      says: /hint\.sha256/,
    },
    { rule: 'no batch', broken: JSON.stringify({ ...manifest, batches: [] }), says: /at batches/ },
    {
      rule: 'a negative number of slots',
      broken: text.replace('"concurrency":4', '"concurrency":-4'),
      says: /concurrency/,
    },
    { rule: 'a torn file', broken: text.slice(0, -9), says: /m\.json is not JSON/ },
    {
      rule: 'many problems, named in short',
      broken: '{"kind":"upsample","batches":[1,2,3,4,5]}',
      says: /and \d+ more$/,
    },
  ])('refuses $rule', ({ broken, says }) => expect(problemOf(broken)).toMatch(says));

  it('gives any mutated text a clear reason or a valid manifest', () => {
    const mutation = fc.record({
      at: fc.nat({ max: text.length }),
      removed: fc.nat({ max: 12 }),
      added: fc.oneof(
        fc.string({ maxLength: 6 }),
        fc.constantFrom('null', '{}', '[]', '-1', '1e999', '"', ',', '\u0000'),
      ),
    });
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        const mutated = mutations.reduce(
          (was, { at, removed, added }) => was.slice(0, at) + added + was.slice(at + removed),
          text,
        );
        try {
          expect(manifestSchema.safeParse(parseManifest(mutated, 'm.json')).success).toBe(true);
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          expect(error.message).toMatch(/^m\.json is (not JSON|not a manifest): /);
          expect(error.message.length).toBeLessThan(1_000);
        }
      }),
      { seed: 1, numRuns: 1_000 },
    );
  });
});
