import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { FaultRule } from './faults.ts';
import { StandInServer } from './server.ts';

/**
 * A stand-in for the program `vllm`: `vllm serve MODEL --port N …` takes a while to load, then serves what vLLM's
 * API server serves. How it behaves is said by its environment; what is not set is as good as gold.
 *
 * | variable | what it does |
 * | --- | --- |
 * | `STAND_IN_LOAD_MS`, `STAND_IN_LATENCY_MS` | how long loading and each request take; 100 and 20 |
 * | `STAND_IN_LOAD_UNTIL` | a file: loading goes on until it is there |
 * | `STAND_IN_JOURNAL` | a file that gets a JSON line for each start (`start`) and each prompt (`ask`) |
 * | `STAND_IN_DIE_ON`, `STAND_IN_FREEZE_ON` | a prompt with this text in it kills, or freezes, the whole process |
 * | `STAND_IN_SICKEN_ON` | after such a prompt every request is a 500 and `/health` a 503, as when vLLM's core died |
 * | `STAND_IN_DIE_LOADING` | dies while it loads, with these words; with `STAND_IN_BAD_STARTS` only so often |
 * | `STAND_IN_PORT_TAKEN` | says so often that its port is taken, and ends; needs the journal to count |
 * | `STAND_IN_NEVER_HEALTHY` | `/health` never says yes |
 * | `STAND_IN_IGNORE_SIGTERM` | only SIGKILL ends it |
 */
export async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '8000' },
      'max-model-len': { type: 'string', default: '131072' },
      'max-num-seqs': { type: 'string', default: '256' },
      'limit-mm-per-prompt': { type: 'string', default: '{"image":1}' },
      'tokenizer-mode': { type: 'string', default: 'auto' },
      'api-key': { type: 'string', default: process.env['VLLM_API_KEY'] ?? '' },
    },
  });
  const [verb, model] = positionals;
  if (verb !== 'serve' || model === undefined) throw new Error('usage: vllm serve MODEL [--port N]');
  const { env } = process;
  note({ event: 'start', pid: process.pid, model, port: Number(values.port) });
  if (env['STAND_IN_IGNORE_SIGTERM']) process.on('SIGTERM', () => undefined);
  else process.on('SIGTERM', () => process.exit(0));
  say(`INFO: args: model=${model}, port=${values.port}, tokenizer_mode=${values['tokenizer-mode']}`);
  await load();
  const images: unknown = JSON.parse(values['limit-mm-per-prompt']);
  const server = new StandInServer({
    port: Number(values.port),
    slots: Number(values['max-num-seqs']),
    latencyMs: Number(env['STAND_IN_LATENCY_MS'] ?? 20),
    models: [model],
    apiKey: values['api-key'],
    maxImages: imageLimit(images),
    maxModelLen: Number(values['max-model-len']),
    isHealthy: !env['STAND_IN_NEVER_HEALTHY'],
    onAsk: (text) => note({ event: 'ask', pid: process.pid, text }),
  });
  server.setFault(faultRule());
  await server.listen();
  say('INFO: Application startup complete.');
}

/** What the journal says at the moment; empty without one. */
function journal(): { event: string }[] {
  const path = process.env['STAND_IN_JOURNAL'];
  if (!path) return [];
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

async function load(): Promise<void> {
  const { env } = process;
  const starts = journal().filter(({ event }) => event === 'start').length;
  say('INFO: Loading model weights');
  await delay(Number(env['STAND_IN_LOAD_MS'] ?? 100));
  const awaited = env['STAND_IN_LOAD_UNTIL'];
  while (awaited && !existsSync(awaited)) await delay(50);
  const words = env['STAND_IN_DIE_LOADING'];
  if (words && starts <= Number(env['STAND_IN_BAD_STARTS'] ?? Number.POSITIVE_INFINITY)) {
    say(`ERROR: ${words}`);
    process.exit(1);
  }
  if (starts > Number(env['STAND_IN_PORT_TAKEN'] ?? -1)) return;
  say("ERROR: [Errno 98] error while attempting to bind on address ('127.0.0.1', 1): address already in use");
  process.exit(1);
}

function faultRule(): FaultRule | null {
  const { STAND_IN_DIE_ON: dieOn, STAND_IN_FREEZE_ON: freezeOn, STAND_IN_SICKEN_ON: sickenOn } = process.env;
  if (dieOn) return { fault: { kind: 'die' }, textIncludes: dieOn };
  if (freezeOn) return { fault: { kind: 'freeze' }, textIncludes: freezeOn };
  if (sickenOn) return { fault: { kind: 'sicken' }, textIncludes: sickenOn };
  return null;
}

function imageLimit(limits: unknown): number {
  if (typeof limits !== 'object' || limits === null || !('image' in limits)) return 1;
  return Number(limits.image);
}

function note(line: Readonly<Record<string, unknown>>): void {
  const path = process.env['STAND_IN_JOURNAL'];
  if (path) appendFileSync(path, `${JSON.stringify(line)}\n`);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
