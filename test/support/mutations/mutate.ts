import fc from 'fast-check';

/** One thing that happens to a file. `at` is a place in it, from 0 to 1. */
export type Mutation =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'drop' | 'repeat'; readonly at: number; readonly length: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'value'; readonly at: number; readonly text: string }
  | { readonly kind: 'key'; readonly at: number; readonly text: string };

const at = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** Values that programs stumble over: too large, too deep, of another type, half a character. */
const values = [
  ...[
    'null',
    'true',
    '-1',
    '0',
    '0.5',
    '1e999',
    '-0',
    '1.0',
    '99999999999999999999',
    '2e308',
    'NaN',
    'Infinity',
  ],
  ...['""', '" "', '"\\u0000"', '"\\ud800"', '"../x/y"', '"C:\\\\x"', `"${'x'.repeat(5000)}"`],
  ...[
    '[]',
    '{}',
    '[[]]',
    '{"__proto__":{"a":1}}',
    '{"toString":1}',
    '"1e999"',
    '2026-01-01',
    '"2026-13-99T00:00:00Z"',
  ],
  ...[
    `${'['.repeat(3000)}${']'.repeat(3000)}`,
    `${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}`,
    '['.repeat(100_000),
  ],
] as const;

const keys = [
  '"__proto__"',
  '"constructor"',
  '"prompt"',
  '"version"',
  '""',
  '"\\u0000"',
  '"hasOwnProperty"',
] as const;

const bytes = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 8 }),
  fc
    .constantFrom('\uFEFF', '\0', '\u2028', '"', '{', '}', ',', '\n', '\r\n', '\x1b[2J')
    .map((text) => Buffer.from(text)),
  fc.constant(Uint8Array.of(0xff, 0xfe, 0xc0, 0x80)),
);

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('cut' as const), at }),
  fc.record({
    kind: fc.constantFrom('drop' as const, 'repeat' as const),
    at,
    length: fc.integer({ min: 1, max: 200 }),
  }),
  fc.record({ kind: fc.constant('insert' as const), at, bytes }),
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('value' as const), at, text: fc.constantFrom(...values) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('key' as const), at, text: fc.constantFrom(...keys) }),
  },
);

/** One of the given files after one to three mutations; shrinks to fewer. */
export function mutated(originals: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const original = fc.constantFrom(...originals);
  const mutations = fc.array(mutation, { minLength: 1, maxLength: 3 });
  return fc.tuple(original, mutations).map(([content, list]) => list.reduce(apply, content));
}

function apply(content: Uint8Array, change: Mutation): Uint8Array {
  const position = Math.floor(change.at * content.length);
  const [before, after] = [content.subarray(0, position), content.subarray(position)];
  switch (change.kind) {
    case 'flip':
      return content.map((byte, index) => (index === position ? byte ^ (1 << change.bit) : byte));
    case 'cut':
      return before;
    case 'drop':
      return Buffer.concat([before, after.subarray(change.length)]);
    case 'repeat':
      return Buffer.concat([before, after.subarray(0, change.length), after]);
    case 'insert':
      return Buffer.concat([before, change.bytes, after]);
    case 'value':
      return replaceMatch(content, /(?<=[:=[,]\s?)(?:"(?:[^"\\]|\\.)*"(?!\s*:)|[\w.+-]+)/g, change);
    case 'key':
      return replaceMatch(content, /"(?:[^"\\]|\\.)*"(?=\s*:)|^\w+(?= =)/gm, change);
  }
}

/** Puts another text in the place of one of the values, or keys, of a JSON or TOML file. */
function replaceMatch(
  content: Uint8Array,
  pattern: RegExp,
  change: { at: number; text: string },
): Uint8Array {
  const text = Buffer.from(content).toString('utf8');
  const matches = [...text.matchAll(pattern)];
  const match = matches[Math.floor(change.at * matches.length)];
  if (!match) return Buffer.from(text + change.text);
  const end = match.index + match[0].length;
  return Buffer.from(text.slice(0, match.index) + change.text + text.slice(end));
}
