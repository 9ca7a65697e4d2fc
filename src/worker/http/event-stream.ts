import type { ServerResponse } from 'node:http';
import type { WorkerEvent } from '../../protocol/worker-event.ts';

/** A reader that is this far behind is cut off; it connects again and finds the results on the disk. */
const maxBacklogBytes = 4 * 1024 * 1024;

/** All readers of `GET /events`. Sending never waits: work does not depend on who reads. */
export class EventStream {
  readonly #readers = new Set<ServerResponse>();

  get readerCount(): number {
    return this.#readers.size;
  }

  /** A new reader, whose first line is `opening`. */
  add(reader: ServerResponse, opening: WorkerEvent): void {
    reader.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    this.#readers.add(reader);
    reader.on('close', () => this.#readers.delete(reader));
    reader.on('error', () => this.#readers.delete(reader));
    reader.write(toLine(opening));
  }

  emit(event: WorkerEvent): void {
    if (this.#readers.size === 0) return;
    const line = toLine(event);
    for (const reader of this.#readers) {
      if (reader.writableLength > maxBacklogBytes) reader.destroy();
      else reader.write(line);
    }
  }

  /** Ends every stream after what was sent so far. */
  close(): void {
    for (const reader of this.#readers) reader.end();
  }
}

function toLine(event: WorkerEvent): string {
  return `${JSON.stringify(event)}\n`;
}
