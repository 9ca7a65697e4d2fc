import { describe, expect, it } from 'vitest';
import { isOutOfMemory } from '../../../../../src/worker/upscale/onnx/lane-failure.ts';
import { LineTail, oomKillsIn } from '../../../../../src/worker/upscale/onnx/lane-process.ts';
import { AnswerReader, type LaneAnswer } from '../../../../../src/worker/upscale/onnx/lane-protocol.ts';

const header = (kind: number, length: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(kind, 0);
  bytes.writeUInt32LE(length, 4);
  return bytes;
};

describe('AnswerReader', () => {
  const facts = Buffer.from('{"a":1}');
  const said = Buffer.concat([
    ...[header(1, facts.length), facts],
    ...[header(2, 2), Buffer.from('abcdef')],
    ...[header(3, 1), Buffer.from('!')],
  ]);

  it.each([1, 2, 3, 5, 8, 1000])('puts answers together from pieces of %i bytes', (size) => {
    const answers: LaneAnswer[] = [];
    const reader = new AnswerReader(3, (answer) => answers.push(answer));
    for (let at = 0; at < said.length; at += size) reader.push(said.subarray(at, at + size));
    expect(answers).toEqual([
      { kind: 'facts', text: '{"a":1}' },
      { kind: 'frames', frames: [Buffer.from('abc'), Buffer.from('def')] },
      { kind: 'failure', text: '!' },
    ]);
  });

  it.each([
    { what: 'an unknown kind', bytes: header(9, 1) },
    { what: 'no frames', bytes: header(2, 0) },
    { what: 'far too many frames', bytes: header(2, 4_000_000_000) },
    { what: 'far too much text', bytes: header(1, 4_000_000_000) },
  ])('refuses $what', ({ bytes }) => {
    const reader = new AnswerReader(3, () => undefined);
    expect(() => reader.push(bytes)).toThrow(RangeError);
  });
});

describe('LineTail', () => {
  it('hands on lines, whole and cut, and keeps the last', () => {
    const lines: string[] = [];
    const tail = new LineTail((line) => lines.push(line));
    for (const chunk of ['one\ntw', 'o\n\n  ', 'three\r\nfour\n', 'five\n', `${'x'.repeat(100_000)}`])
      tail.push(Buffer.from(chunk));
    const last = tail.end();
    expect(lines).toEqual(['one', 'two', 'three', 'four', 'five', 'x'.repeat(500)]);
    expect(last).toBe(`three four five ${'x'.repeat(500)}`);
  });
});

describe('oomKillsIn', () => {
  it.each([
    { vmstat: 'nr_free_pages 1\noom_kill 12\nnuma_hit 3\n', count: 12 },
    { vmstat: 'drop_oom_kill 4\n', count: 0 },
  ])('$count', ({ vmstat, count }) => expect(oomKillsIn(vmstat)).toBe(count));
});

describe('isOutOfMemory', () => {
  it.each([
    'std::bad_alloc',
    'BFCArena::AllocateRawInternal(size_t, bool) Failed to allocate memory for requested buffer of size 1073741824',
    'CUDA failure 2: out of memory ; GPU=0 ; hostname=x ; expr=cudaMalloc((void**)&p, size);',
    'CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED ; GPU=0',
    'CUDNN failure 4: CUDNN_STATUS_ALLOC_FAILED',
    'cudaErrorMemoryAllocation:out of memory',
    'Available memory of 512 is smaller than requested bytes of 1024',
    'Array buffer allocation failed',
    'Invalid typed array length: 30000000000',
  ])('knows: %s', (message) => expect(isOutOfMemory(message)).toBe(true));

  it.each([
    'Failed to load model because protobuf parsing failed.',
    'Got invalid dimensions for input: input for the following indices',
    'CUDNN_STATUS_EXECUTION_FAILED',
    'Protobuf parsing failed.',
  ])('leaves alone: %s', (message) => expect(isOutOfMemory(message)).toBe(false));
});
