import { expect, it } from 'vitest';
import { SingleFlight } from '../../../src/async/single-flight.ts';

function pending() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const seen: AbortSignal[] = [];
  const work = (signal: AbortSignal) => {
    seen.push(signal);
    signal.addEventListener('abort', () => reject(signal.reason));
    return promise;
  };
  return { work, resolve, seen };
}

it('does the work once for all who wait, and again for who comes later', async () => {
  const flights = new SingleFlight<string>();
  const { work, resolve, seen } = pending();
  const both = [flights.run('a', undefined, work), flights.run('a', undefined, work)];
  resolve('done');
  expect(await Promise.all(both)).toEqual(['done', 'done']);
  expect(seen).toHaveLength(1);
  expect(await flights.run('a', undefined, async () => 'again')).toBe('again');
});

it('keeps keys apart', async () => {
  const flights = new SingleFlight<string>();
  const both = [flights.run('a', undefined, async () => 'A'), flights.run('b', undefined, async () => 'B')];
  expect(await Promise.all(both)).toEqual(['A', 'B']);
});

it('lets one go without the others', async () => {
  const flights = new SingleFlight<string>();
  const { work, resolve, seen } = pending();
  const leaving = new AbortController();
  const gone = flights.run('a', leaving.signal, work);
  const staying = flights.run('a', new AbortController().signal, work);
  leaving.abort(new Error('enough'));
  await expect(gone).rejects.toThrow('enough');
  expect(seen[0]?.aborted).toBe(false);
  resolve('done');
  expect(await staying).toBe('done');
});

it('stops the work when the last one goes, and starts anew for the next', async () => {
  const flights = new SingleFlight<string>();
  const { work, seen } = pending();
  const controllers = [new AbortController(), new AbortController()];
  const waits = controllers.map((controller) => flights.run('a', controller.signal, work));
  for (const controller of controllers) controller.abort(new Error('enough'));
  const next = flights.run('a', undefined, async () => 'fresh');
  await Promise.all(waits.map((wait) => expect(wait).rejects.toThrow('enough')));
  expect(seen.map((signal) => signal.aborted)).toEqual([true]);
  expect(await next).toBe('fresh');
});

it('hands a failure to all, and forgets it', async () => {
  const flights = new SingleFlight<string>();
  const fail = async () => {
    throw new Error('broken');
  };
  const waits = [flights.run('a', undefined, fail), flights.run('a', undefined, fail)];
  await Promise.all(waits.map((wait) => expect(wait).rejects.toThrow('broken')));
  expect(await flights.run('a', undefined, async () => 'fine')).toBe('fine');
});
