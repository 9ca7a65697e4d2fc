import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { tarOf } from '../../../../src/adapters/docker/build-context.ts';
import { demultiplex } from '../../../../src/adapters/docker/containers.ts';

const frame = (stream: number, text: string) => {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
};

describe('demultiplex', () => {
  it('tells the streams apart and keeps their order', () => {
    expect(demultiplex(Buffer.concat([frame(1, 'a'), frame(2, 'é'), frame(1, 'c')]))).toEqual({
      stdout: 'ac',
      both: 'aéc',
    });
  });

  it('keeps what is there of a frame that is cut short', () => {
    expect(demultiplex(frame(1, 'whole').subarray(0, 10)).both).toBe('wh');
    expect(demultiplex(Buffer.alloc(5)).both).toBe('');
  });
});

describe('tarOf', () => {
  it('makes what tar reads', () => {
    const archive = tarOf([
      { name: 'Dockerfile', content: Buffer.from('FROM x\n') },
      { name: 'empty', content: Buffer.alloc(0) },
      { name: 'worker.mjs', content: Buffer.alloc(1024, 'w') },
    ]);
    const list = execFileSync('tar', ['--list', '--verbose', '--numeric-owner'], {
      input: archive,
      encoding: 'utf8',
    });
    expect(list.trim().split('\n')).toEqual([
      expect.stringMatching(/^-rw-r--r-- 0\/0 +7 .* Dockerfile$/),
      expect.stringMatching(/ 0 .* empty$/),
      expect.stringMatching(/ 1024 .* worker\.mjs$/),
    ]);
    const content = execFileSync('tar', ['--extract', '--to-stdout', 'Dockerfile'], { input: archive });
    expect(content.toString()).toBe('FROM x\n');
  });
});
