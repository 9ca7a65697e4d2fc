import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  type ImageMessage,
  ImageProgress,
  readMessages,
} from '../../../../src/adapters/docker/image-progress.ts';

describe('ImageProgress', () => {
  it('follows the steps of a build', () => {
    const progress = new ImageProgress();
    expect(progress.take({ stream: 'Step 1/4 : FROM base\n' })).toEqual({
      message: 'Step 1/4 : FROM base',
      fraction: 0,
    });
    expect(progress.take({ stream: '\n' })).toBeNull();
    expect(progress.take({ stream: 'Step 3/4 : RUN x\n' })?.fraction).toBe(0.5);
    // Ids of containers are kept for the case that it fails, and shown to nobody.
    expect(progress.take({ stream: ' ---> Running in 12\n' })).toBeNull();
    expect(progress.tail).toContain('---> Running in 12');
    expect(progress.take({ stream: 'installing   x\n' })).toEqual({ message: 'installing x', fraction: 0.5 });
  });

  it('weighs the layers of a pull, and never goes back', () => {
    const progress = new ImageProgress();
    const messages: ImageMessage[] = [
      { status: 'Pulling from library/x', id: '1.0' },
      { status: 'Pulling fs layer', id: 'a' },
      { status: 'Pulling fs layer', id: 'b' },
      { status: 'Downloading', id: 'a', progressDetail: { current: 500_000_000, total: 1_000_000_000 } },
      { status: 'Pull complete', id: 'a' },
      { status: 'Pulling fs layer', id: 'c' },
      { status: 'Extracting', id: 'b', progressDetail: { current: 1, total: 2 } },
      { status: 'Pull complete', id: 'b' },
      { status: 'Already exists', id: 'c' },
    ];
    const fractions = messages.map((message) => progress.take(message)?.fraction ?? 0);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
  });

  it('counts bytes and layers for people', () => {
    const progress = new ImageProgress();
    progress.take({ status: 'Already exists', id: 'a' });
    expect(
      progress.take({
        status: 'Downloading',
        id: 'b',
        progressDetail: { current: 1_234_000_000, total: 2e9 },
      })?.message,
    ).toBe('Pulling: 1 of 2 layers, 1.23 GB so far');
  });

  it('keeps the last twenty lines', () => {
    const progress = new ImageProgress();
    for (let line = 0; line < 50; line++) progress.take({ stream: `line ${line}\n` });
    expect(progress.tail).toHaveLength(20);
    expect(progress.tail.at(-1)).toBe('line 49');
  });
});

describe('readMessages', () => {
  it('joins pieces, and leaves out what is no message', async () => {
    const stream = new PassThrough();
    const whole = Buffer.from('{"stream":"größe"}\nnonsense\n[1]\n{"error":"no"}');
    for (let at = 0; at < whole.length; at += 3) stream.write(whole.subarray(at, at + 3));
    stream.end();
    expect(await Array.fromAsync(readMessages(stream))).toEqual([{ stream: 'größe' }, { error: 'no' }]);
  });
});
