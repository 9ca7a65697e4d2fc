import { parseArgs } from 'node:util';
import type { FaultRule } from './stand-in/faults.ts';
import { type StandInOptions, StandInServer } from './stand-in/server.ts';
import type { StandInStats } from './stand-in/stats.ts';

/** An OpenAI-compatible server with known latency and faults on command, instead of a model. */
export interface StandIn {
  /** Ends with `/v1`. */
  readonly baseUrl: string;
  readonly stats: StandInStats;
  /** What goes wrong from the next request on; null for nothing. */
  setFault(rule: FaultRule | null): void;
  /**
   * Answers only so many more requests, none unless given, those that wait first; the others wait for `release`.
   * With a text, only requests that hold it are counted and wait.
   */
  hold(passes?: number, textIncludes?: string): void;
  /** Answers all that wait, and all that come. */
  release(): void;
  stop(): Promise<void>;
}

/**
 * Starts a stand-in in this process. On its own: `node test/support/stand-in-server.ts --port 0 --slots 8
 * --latency-ms 200` prints its base URL; `POST /control/fault` takes a fault rule or null, `GET /control/stats`
 * tells what it saw.
 */
export async function startStandInServer(options: StandInOptions = {}): Promise<StandIn> {
  const server = new StandInServer(options);
  const baseUrl = await server.listen();
  return {
    baseUrl,
    stats: server.stats,
    setFault: (rule) => server.setFault(rule),
    hold: (passes = 0, textIncludes) => server.limit(passes, textIncludes),
    release: () => server.limit(Number.POSITIVE_INFINITY),
    stop: () => server.stop(),
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      slots: { type: 'string', default: '8' },
      'latency-ms': { type: 'string', default: '200' },
      model: { type: 'string', default: 'stand-in' },
      'api-key': { type: 'string', default: '' },
      'max-model-len': { type: 'string', default: 'Infinity' },
      'text-offset': { type: 'string' },
    },
  });
  const standIn = await startStandInServer({
    port: Number(values.port),
    slots: Number(values.slots),
    latencyMs: Number(values['latency-ms']),
    models: [values.model],
    apiKey: values['api-key'],
    maxModelLen: Number(values['max-model-len']),
    textOffset: values['text-offset'] === undefined ? null : Number(values['text-offset']),
  });
  process.stdout.write(`${standIn.baseUrl}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => void standIn.stop().then(() => process.exit(0)));
  }
}

if (import.meta.main) await main();
