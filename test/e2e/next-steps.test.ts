import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { Cli, type CliEnd } from '../support/run-cli.ts';
import { sampleSpec, writeSpecs } from '../support/spec-builder.ts';
import { type StandIn, startStandInServer } from '../support/stand-in-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait-for.ts';

const folder = await temporaryFolder();
let users = 0;

interface Scene {
  readonly cli: Cli;
  readonly server: StandIn;
  /** Writes `[upsampling.engine]` of the user's settings, with a server that is asked one prompt at a time. */
  configure(engine: string): Promise<void>;
}

/** A user with three specs of words alone and a short film, and a server with a key that answers nothing yet. */
async function newScene(): Promise<Scene> {
  const cli = new Cli(join(folder, `user-${users++}`), { OUR_KEY: 'a-key-of-ours' });
  const specs = [0, 1, 2].map((at) => {
    return [`s${at}.json`, sampleSpec({ prompt: `Scene number ${at}`, input_video_path: '' })] as const;
  });
  await writeSpecs(join(cli.workingFolder, 'specs'), Object.fromEntries(specs));
  await makeClip(join(cli.workingFolder, 'film.mp4'), { width: 64, height: 36, frames: 48 });
  const server = await startStandInServer({ apiKey: 'a-key-of-ours' });
  onTestFinished(() => server.stop());
  const rest = '[retry]\nmax_attempts = 1\nmax_outage_s = 1\n';
  const configure = (engine: string) =>
    cli.configure(`[upsampling.engine]\nkind = "openai"\nconcurrency = 1\n${engine}\n${rest}`);
  await configure(`base_url = "${server.baseUrl}"\napi_key_env = "OUR_KEY"`);
  return { cli, server, configure };
}

const enrich = ['batch-upsample', 'specs', '--allow-text-only', '--no-progress'];

/** Starts a command, and ends its process by a signal as soon as an event of this type came. */
async function endedAt(cli: Cli, type: string, signal: NodeJS.Signals, args: readonly string[]) {
  const { child, ended } = await cli.start([...args, '--events', '-']);
  child.stdout?.on('data', (lines: string) => {
    if (lines.includes(`"${type}"`)) child.kill(signal);
  });
  return await ended;
}

interface Situation {
  readonly what: string;
  /** Brings it about. */
  begin(scene: Scene): Promise<CliEnd>;
  readonly code: number | null;
  /** How `runs`, `report` and the page of the report say that the run stands, and why. */
  readonly stands: readonly [status: string, code: string];
  /** What the user corrects first. */
  fix?(scene: Scene): Promise<void>;
}

const situations: readonly Situation[] = [
  {
    what: 'a run that was interrupted',
    begin: async ({ cli, server }) => {
      server.hold(1);
      return await endedAt(cli, 'task-finished', 'SIGINT', enrich);
    },
    ...{ code: 130, stands: ['unfinished', 'interrupted'] },
  },
  {
    what: 'a run whose program was killed',
    begin: async ({ cli, server }) => {
      server.hold(1);
      return await endedAt(cli, 'task-finished', 'SIGKILL', enrich);
    },
    ...{ code: null, stands: ['unfinished', 'killed'] },
  },
  {
    what: 'a video that was interrupted',
    begin: async ({ cli }) => {
      const args = ['upscale', 'film.mp4', '-o', 'big.mp4', '--preset', 'ultrafast', '--no-progress'];
      return await endedAt(cli, 'run-started', 'SIGINT', args);
    },
    ...{ code: 130, stands: ['unfinished', 'interrupted'] },
  },
  {
    what: 'a run of which some failed',
    begin: async ({ cli, server }) => {
      const fault = { kind: 'status', status: 500, message: 'out of memory' } as const;
      server.setFault({ fault, textIncludes: 'number 1' });
      return await cli.run(enrich);
    },
    ...{ code: 3, stands: ['partial', 'tasks-failed'] },
    fix: async ({ server }) => server.setFault(null),
  },
  {
    what: 'a run without its key',
    begin: async ({ cli, server, configure }) => {
      await configure(`base_url = "${server.baseUrl}"`);
      return await cli.run(enrich);
    },
    ...{ code: 2, stands: ['failed', 'engine-rejected'] },
    fix: ({ server, configure }) => configure(`base_url = "${server.baseUrl}"\napi_key_env = "OUR_KEY"`),
  },
  {
    what: 'a run whose server is not there',
    begin: async ({ cli, configure }) => {
      await configure('base_url = "http://127.0.0.1:9/v1"');
      return await cli.run(enrich);
    },
    ...{ code: 4, stands: ['failed', 'engine-unreachable'] },
    fix: ({ server, configure }) => configure(`base_url = "${server.baseUrl}"\napi_key_env = "OUR_KEY"`),
  },
  {
    what: 'a run that was left to its workers',
    begin: async ({ cli, server }) => {
      server.hold();
      return await cli.run([...enrich, '--detach']);
    },
    ...{ code: 0, stands: ['detached', 'detached'] },
  },
  {
    what: 'a run that another process has, which its next step stops',
    begin: async ({ cli, server }) => {
      server.hold();
      const { child, ended } = await cli.start([...enrich, '--events', '-']);
      await once(child.stdout ?? child, 'data');
      await waitFor(() => server.stats.requests > 0);
      const locked = await cli.run(['resume']);
      expect(locked.code).toBe(5);
      const cancelled = await cli.run(commandIn(locked.stderr));
      expect((await ended).code).toBe(143);
      return cancelled;
    },
    ...{ code: 0, stands: ['unfinished', 'cancelled'] },
  },
];

it.each(situations)(
  '$what is continued by the command that is shown, and listed and reported alike',
  async (situation) => {
    const scene = await newScene();
    const { cli, server } = scene;
    const end = await situation.begin(scene);
    expect([end.code, end.stderr]).toEqual([situation.code, expect.anything()]);
    const [row] = JSON.parse((await cli.run(['runs', '--json'])).stdout).runs;
    const [status, code] = situation.stands;
    expect(row).toMatchObject({ status, ending: { code, ended_at: expect.any(String) } });
    const report = await cli.run(['report', row.run_id]);
    expect(report.stdout).toContain(`Why it ended: ${code}: ${row.ending.message}`);
    expect(report.stdout).toContain(row.ending.work);
    const reported = JSON.parse(await readFile(join(row.folder, 'report.json'), 'utf8'));
    expect(reported).toMatchObject({ status, ending: row.ending });
    const command = commandIn(row.ending.next_step);
    expect(await readFile(join(row.folder, 'report.html'), 'utf8')).toContain(`cosmos ${command.join(' ')}`);
    // A process that was killed has shown nothing.
    if (end.code !== null) expect(commandsIn(end.stdout + end.stderr)).toContainEqual(command);
    await situation.fix?.(scene);
    server.release();
    const continued = await cli.run([...command, '--no-progress', '--json']);
    expect([continued.code, continued.stderr]).toEqual([0, expect.anything()]);
    expect(JSON.parse(continued.stdout)).toMatchObject({
      run_id: row.run_id,
      status: 'complete',
      ending: null,
    });
  },
);

it('resume finds out the kind of a run, and takes only what that kind has', async () => {
  const { cli, server } = await newScene();
  server.release();
  expect((await cli.run(enrich)).code).toBe(0);
  const end = await cli.run(['resume', '--crf', '20']);
  expect([end.code, end.stderr]).toEqual([
    2,
    expect.stringContaining('started by cosmos batch-upsample, which has no --crf'),
  ]);
  const fixed = await cli.run(['resume', '--estimator', 'pixtral']);
  expect([fixed.code, fixed.stderr]).toEqual([6, expect.stringContaining('estimator')]);
  const started = await cli.run([...commandIn(fixed.stderr), '--json', '--no-progress']);
  expect([started.code, started.stderr]).toEqual([0, expect.anything()]);
});

/** Arguments of the commands that a text names. */
function commandsIn(text: string): string[][] {
  return [...text.matchAll(/\bcosmos ((?:resume|attach|cancel|batch-upsample|upscale) [^\n;]*)/g)].map(
    ([, command = '']) =>
      command
        .replace(/(?:\.| ) .*$/, '')
        .trim()
        .split(/\s+/),
  );
}

function commandIn(text: string): string[] {
  const [command] = commandsIn(text);
  if (!command) throw new Error(`there is no command in: ${text}`);
  return command;
}

it('answers that come while a run is stopped are saved, and not asked for again', async () => {
  const { cli, server, configure } = await newScene();
  await configure(`base_url = "${server.baseUrl}"\napi_key_env = "OUR_KEY"\nmax_output_tokens = 300`);
  server.hold();
  const { child, ended } = await cli.start(enrich);
  let said = '';
  child.stderr?.on('data', (text: string) => {
    said += text;
    if (said.includes('Stopping:')) server.release();
  });
  await waitFor(() => server.stats.requests > 0);
  child.kill('SIGINT');
  const end = await ended;
  expect(end.code).toBe(130);
  // As many as were asked before the worker took no more.
  const saved = Number(/(\d) of 3 (?:is|are) saved/.exec(end.stderr)?.[1]);
  expect(saved).toBe(server.stats.requests);
  const [run] = JSON.parse((await cli.run(['runs', '--json'])).stdout).runs;
  expect(run.tasks).toMatchObject({ done: saved, total: 3 });
  expect((await cli.run(['resume', '--no-progress'])).code).toBe(0);
  expect(server.stats.requests).toBe(3);
});
