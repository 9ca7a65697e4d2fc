import { describe, expect, it } from 'vitest';
import { AsyncQueue } from '../../../../src/async/queues.ts';
import { FrameMemory } from '../../../../src/worker/segments/frame-memory.ts';
import { LaneProgress } from '../../../../src/worker/segments/lane-progress.ts';
import { LaneSizes } from '../../../../src/worker/upscale/lane-runner.ts';

const { signal } = new AbortController();

describe('sizes of lanes', () => {
  it.each([
    {
      name: 'the batch first, then the tile',
      tile: 256,
      minTile: 32,
      expected: ['4/256', '2/256', '1/256', '1/128', '1/64', '1/32'],
    },
    {
      name: 'whole frames begin with half a frame',
      tile: 0,
      minTile: 16,
      expected: ['4/0', '2/0', '1/0', '1/150', '1/75', '1/38', '1/32'],
    },
    {
      name: 'a tile beyond the frame is a frame',
      tile: 512,
      minTile: 100,
      expected: ['4/512', '2/512', '1/512', '1/150', '1/100'],
    },
    { name: 'without tiles', tile: 0, minTile: null, expected: ['4/0', '2/0', '1/0'] },
  ])('$name', ({ tile, minTile, expected }) => {
    const sizes = new LaneSizes({ batchSize: 8, tile }, { longerSide: 300, minTile });
    const seen: string[] = [];
    while (sizes.shrink(sizes.current, sizes.current.batchSize))
      seen.push(`${sizes.current.batchSize}/${sizes.current.tile}`);
    expect(seen).toEqual(expected);
  });

  it('two lanes that fail at the same time halve once', () => {
    const sizes = new LaneSizes({ batchSize: 8, tile: 0 }, { longerSide: 300, minTile: null });
    const failed = sizes.current;
    expect(sizes.shrink(failed, 8)).toBe(true);
    expect(sizes.shrink(failed, 8)).toBe(true);
    expect(sizes.current.batchSize).toBe(4);
  });

  it('a short batch is halved, too', () => {
    const sizes = new LaneSizes({ batchSize: 8, tile: 0 }, { longerSide: 300, minTile: null });
    sizes.shrink(sizes.current, 3);
    expect(sizes.current.batchSize).toBe(1);
  });
});

describe('memory for frames', () => {
  it('a share never holds more than its limit, and waits', async () => {
    const share = await new FrameMemory(100, 2).open({ leastBytes: 10, mostBytes: 1000 }, signal);
    await share.take(30, signal);
    await share.take(20, signal);
    let isIn = false;
    const third = share.take(10, signal).then(() => {
      isIn = true;
    });
    await settled();
    expect(isIn).toBe(false);
    share.giveBack(30);
    await third;
  });

  it('a segment waits until there is room for its least beside the others', async () => {
    const memory = new FrameMemory(100, 2);
    const first = await memory.open({ leastBytes: 80, mostBytes: 200 }, signal);
    const second = memory.open({ leastBytes: 60, mostBytes: 200 }, signal);
    await first.take(70, signal);
    await settled();
    first.takeNoMore();
    await settled();
    first.giveBack(30);
    (await second).close();
  });

  it('what is larger than everything still gets in, alone', async () => {
    const share = await new FrameMemory(100, 2).open({ leastBytes: 500, mostBytes: 500 }, signal);
    await share.take(500, signal);
    expect(share.reservedBytes).toBe(500);
  });

  it('waiting ends with the signal', async () => {
    const memory = new FrameMemory(100, 1);
    await memory.open({ leastBytes: 100, mostBytes: 100 }, signal);
    const ending = new AbortController();
    const second = memory.open({ leastBytes: 100, mostBytes: 100 }, ending.signal);
    ending.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
  });
});

describe('counts of lanes', () => {
  const countsOf = (board: LaneProgress, lanes: number) =>
    Array.from({ length: lanes }, (_, lane) => board.countsOf(lane));

  it('300 frames, 6 lanes, 8 a batch, in three segments: 7, 7, 6, 6, 6, 6', () => {
    const board = new LaneProgress(6, 8);
    for (const [key, first, frames] of [
      ['a', 0, 96],
      ['b', 12, 104],
      ['c', 25, 100],
    ] as const) {
      board.expect({ task_key: key, first_batch: first, repeats: new Array<number>(frames).fill(1) });
    }
    expect(countsOf(board, 6).map(({ total }) => total)).toEqual([7, 7, 6, 6, 6, 6]);
  });

  it('a segment that begins again counts once', () => {
    const board = new LaneProgress(2, 8);
    const task = { task_key: 'a', first_batch: 3, repeats: new Array<number>(20).fill(1) };
    board.begin(task);
    board.batchDone('a', 3);
    expect(countsOf(board, 2)).toEqual([
      { total: 1, completed: 0 },
      { total: 2, completed: 1 },
    ]);
    board.begin(task);
    board.batchDone('a', 4);
    expect(countsOf(board, 2).map(({ completed }) => completed)).toEqual([1, 0]);
    board.finish(task);
    expect(countsOf(board, 2).map(({ completed }) => completed)).toEqual([1, 2]);
  });
});

it('a queue gives what came in order, and ends', async () => {
  const queue = new AsyncQueue<number>();
  queue.push(1);
  setImmediate(() => {
    queue.push(2);
    queue.push(3);
    setImmediate(() => {
      queue.push(4);
      queue.end();
    });
  });
  expect(await Array.fromAsync(queue)).toEqual([1, 2, 3, 4]);
});

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
