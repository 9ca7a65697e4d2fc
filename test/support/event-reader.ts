import type { Readable } from 'node:stream';
import { type WorkerEvent, workerEventSchema } from '../../src/protocol/worker-event.ts';
import { waitFor } from './wait-for.ts';

/** Reads a worker's stream of events, and keeps what came. */
export class EventReader {
  readonly events: WorkerEvent[] = [];

  constructor(stream: Readable) {
    let rest = '';
    stream.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.events.push(workerEventSchema.parse(JSON.parse(line)));
    });
  }

  /** Waits until the worker itself has told that it was idle for so long, by its own clock, after it had work. */
  async idleFor(ms: number): Promise<void> {
    await waitFor(() => {
      const statuses = this.events.flatMap((event) => (event.type === 'status' ? [event.status] : []));
      const lastBusy = statuses.findLastIndex(({ status }) => status !== 'idle');
      const [first, last] = [statuses[lastBusy + 1], statuses.at(-1)];
      if (lastBusy < 0 || !first || !last) return false;
      return Date.parse(last.updated_at) - Date.parse(first.updated_at) >= ms;
    });
  }
}
