import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentSchemas } from '../../scripts/docs/schemas/documents.ts';
import { Cli } from '../support/run-cli.ts';
import { type StandIn, startStandInServer } from '../support/stand-in-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { root } from './markdown.ts';
import { linesOf, typeLine } from './type-line.ts';

const run = promisify(execFile);

const lines = linesOf('README.md');
/** Those of a remote host are run where there is one: `test/remote/pages.test.ts`. */
const examples = lines.filter((line) => line.startsWith('cosmos ') && !line.includes('gpu1'));

let cli: Cli;
/** Base URLs of the README, and what answers in their place. */
const standIns = new Map<string, StandIn>();

beforeAll(async () => {
  const cwd = await temporaryFolder();
  cli = new Cli(cwd);
  await cli.run(['runs']);
  await run(process.execPath, [join(root, 'scripts', 'make-demo.ts'), cli.workingFolder]);
  for (const line of examples) {
    const url = /--base-url (\S+)/.exec(line)?.[1];
    const model = /--model (\S+)/.exec(line)?.[1] ?? 'stand-in';
    if (url && !standIns.has(url)) standIns.set(url, await startStandInServer({ models: [model] }));
  }
});

afterAll(async () => {
  for (const standIn of standIns.values()) await standIn.stop();
});

describe('the README', () => {
  it('has examples for each of the things people do', () => {
    expect(examples.length).toBeGreaterThan(10);
    expect(standIns.size).toBe(3);
  });

  it.each(lines.filter((line) => line.startsWith('bash ')))('%s: the script is there', (line) => {
    expect(existsSync(join(root, line.split(' ')[1] ?? ''))).toBe(true);
  });

  it.each(examples.map((line, index) => ({ line, index })))('runs: $line', async ({ line }) => {
    const { code, output } = await type(line);
    expect(code, output).toBe(0);
  });

  it('asks servers for every prompt, and each server has answered', () => {
    for (const standIn of standIns.values()) expect(standIn.stats.requests).toBeGreaterThan(0);
  });

  it('leaves documents behind that are as docs/formats says', async () => {
    const read = async (...path: string[]) =>
      JSON.parse(await readFile(join(cli.workingFolder, ...path), 'utf8')) as unknown;
    expectExact('summary', await read('summary.json'));
    expectExact('plan', await read('plan.json'));
    const [runId = ''] = readdirSync(cli.checkpointFolder).sort();
    expectExact('checkpoint', await read('checkpoints', runId, 'checkpoint.json'));
    expectExact('report', await read('checkpoints', runId, 'report.json'));
    const events = await readFile(join(cli.workingFolder, 'events.jsonl'), 'utf8');
    for (const line of events.trim().split('\n')) expectExact('events', JSON.parse(line));
    const enriched = join('outputs', 'upsampled', '2026-01-10');
    for (const name of readdirSync(join(cli.workingFolder, enriched))) {
      expectExact('enriched-spec', await read(enriched, name));
    }
  });
});

/** Types a line, with the stand-ins in the place of the servers. */
async function type(line: string): Promise<{ code: number; output: string }> {
  let typed = line;
  for (const [url, { baseUrl }] of standIns) typed = typed.replaceAll(url, baseUrl);
  return await typeLine(typed, cli);
}

function expectExact(name: keyof typeof documentSchemas, document: unknown): void {
  expect(documentSchemas[name].parse(document)).toEqual(document);
}
