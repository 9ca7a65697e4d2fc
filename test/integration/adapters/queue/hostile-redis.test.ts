import { describe, expect, it } from 'vitest';
import { bulk, list, type RedisAnswer, startHostileRedis } from '../../../support/hostile/redis-server.ts';
import { mostMemoryMib, runVictim } from '../../../support/hostile/victim.ts';

const mib = 1024 * 1024;
const filler = 'x'.repeat(65_536);

/** Sends `begin`, and then `part` for ever. */
function* endless(begin: string, part = filler): Iterable<string> {
  yield begin;
  for (;;) yield part;
}

const on =
  (command: string, answer: () => string | Iterable<string>): RedisAnswer =>
  ([name = '']) =>
    name.toLowerCase() === command ? answer() : null;

const worker = bulk(JSON.stringify({ version: 1, name: 'x'.repeat(1_000) }));

const bombs: readonly { what: string; scene: string; answer: RedisAnswer; sent: string }[] = [
  {
    what: 'a text of a gigabyte',
    scene: 'queueWorkers',
    answer: on('hgetall', () => endless(`*2\r\n$4\r\nname\r\n$${2 ** 30}\r\n`)),
    sent: `a text of ${2 ** 30} bytes`,
  },
  {
    what: 'values without an end',
    scene: 'queueWorkers',
    answer: on('hgetall', () => endless('*499998\r\n', worker.repeat(50))),
    sent: `an answer of more than ${8 * mib} bytes`,
  },
  {
    what: 'lists that claim to be long, in lists',
    scene: 'queueRuns',
    answer: on('lrange', () => '*30000000\r\n'.repeat(4_000)),
    sent: 'an answer of more than 500000 values',
  },
  {
    what: 'lists in lists without an end',
    scene: 'queueRuns',
    answer: on('lrange', () => endless('', '*1\r\n'.repeat(10_000))),
    sent: 'lists in lists, 32 deep',
  },
  {
    what: 'a line without an end',
    scene: 'queueRuns',
    answer: on('zrange', () => endless('+')),
    sent: 'a line of more than 65536 bytes',
  },
  {
    what: 'lines that two readers end in two places',
    scene: 'queueRuns',
    answer: on('lrange', () => `+a\rb*30000000\rc\r\n`),
    sent: 'what is no answer of Redis',
  },
  {
    what: 'an event that does not end',
    scene: 'queueEvents',
    answer: on('xread', () => endless(`*1\r\n*2\r\n$1\r\na\r\n*1\r\n*2\r\n$3\r\n1-1\r\n$${2 ** 40}\r\n`)),
    sent: `a text of ${2 ** 40} bytes`,
  },
  {
    what: 'what is no Redis at all',
    scene: 'queueRuns',
    answer: on('info', () => endless('HTTP/1.1 200 OK\r\n')),
    sent: 'what is no answer of Redis',
  },
];

describe('a Redis', () => {
  it.each(bombs)('is not read to its end: $what', async ({ scene, answer, sent }) => {
    await using server = await startHostileRedis(answer);
    const { error, memoryMib } = await runVictim(scene, { port: server.port });
    expect(error).toMatchObject({ code: 'host-refused', message: expect.stringContaining(`sent ${sent}: `) });
    expect(memoryMib).toBeLessThan(mostMemoryMib);
  });

  it('may not list jobs without an end', async () => {
    const ids = list(Array.from({ length: 10_000 }, () => bulk(`run-1.${'a'.repeat(24)}`)));
    await using server = await startHostileRedis(on('lrange', () => ids));
    const { error, memoryMib } = await runVictim('queueRuns', { port: server.port });
    expect(error).toMatchObject({ code: 'host-refused', message: expect.stringContaining('500000 jobs') });
    expect(memoryMib).toBeLessThan(mostMemoryMib);
  });

  it('may not fill memory with why jobs failed', async () => {
    const reason = list([bulk('1'), bulk('y'.repeat(mib / 8))]);
    const answer: RedisAnswer = ([name = '']) =>
      ({ exists: ':1\r\n', hmget: reason })[name.toLowerCase()] ?? null;
    await using server = await startHostileRedis(answer);
    const { value, memoryMib } = await runVictim('queueStates', { port: server.port });
    expect(value).toEqual([2_000, 2_000]);
    expect(memoryMib).toBeLessThan(mostMemoryMib);
  });

  it('may tell events whose JSON is large in memory, and what it lists of others is left out', async () => {
    const data = `[${'[],'.repeat(mib / 24 - 10)}[]]`;
    let told = 0;
    const event = (jobId: string, value: string) =>
      list([bulk('1-1'), list(['event', 'progress', 'jobId', jobId, 'data', value].map(bulk))]);
    const events = () => {
      told += 1;
      const some = Array.from({ length: 48 }, () => event('run-1.a', data));
      return list([list([bulk('a'), list(told < 4 ? some : [event('end', '1')])])]);
    };
    await using server = await startHostileRedis(on('xread', events));
    const { value, memoryMib } = await runVictim('queueEvents', { port: server.port });
    expect(value).toBe(145);
    expect(memoryMib).toBeLessThan(mostMemoryMib);
    await using other = await startHostileRedis(
      on('lrange', () => list(['../../x.a', 'X.', 'run-1.a'].map(bulk))),
    );
    expect((await runVictim('queueRuns', { port: other.port })).value).toBe(1);
  });
});
