/**
 * Makes `docs/images/host.svg` from a real run of the demo on a host, with a real sshd and a real Docker engine on this
 * machine: `node scripts/docs/pictures/make-host-picture.ts`. Needs root, tmux, and the built program.
 */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startLab } from '../../../test/support/lab/lab.ts';
import { createRemoteStage, type RemoteStage } from '../../../test/support/lab/remote-stage.ts';
import { TerminalSession } from './terminal-session.ts';
import { terminalSvg } from './terminal-svg.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));
/** What the picture shows instead of the folder and the address that the run really had. */
const shown = { folder: '/home/you', address: 'ubuntu@203.0.113.7:22' };
/** As to a machine some hundred kilometres away, each way. */
const latencyMs = 10;

const { facts, engine } = await startLab();
try {
  await using stage = await createRemoteStage(facts);
  stage.network.delayMs = latencyMs;
  await run(process.execPath, [join(root, 'scripts', 'make-demo.ts'), join(stage.cli.workingFolder, 'demo')]);
  const screens = await typeInTerminal(stage);
  const svg = terminalSvg(screens, TerminalSession.columns, 'A run of cosmos on a remote host');
  await writeFile(join(root, 'docs', 'images', 'host.svg'), svg);
} finally {
  await engine.stop();
}

async function typeInTerminal(stage: RemoteStage): Promise<{ title: string; text: string }[]> {
  await using terminal = new TerminalSession();
  const { HOME = '', XDG_CACHE_HOME = '', XDG_CONFIG_HOME = '' } = stage.cli.env;
  const PATH = [join(root, 'scripts'), join(root, 'node_modules', '.bin'), process.env['PATH']].join(':');
  const env = { HOME, XDG_CACHE_HOME, XDG_CONFIG_HOME, PATH, PS1: '$ ', LANG: 'C.UTF-8' };
  await terminal.open(stage.cli.workingFolder, env);
  const seen = await typeAndWatch(terminal, 'cosmos batch-upsample demo/specs --host gpu1', 'Report');
  const midway = seen.filter((text) => text.includes('Prompts') && !text.includes('Report')).at(-1);
  if (midway === undefined) throw new Error('the run was over before it was seen');
  const [status = ''] = (await typeAndWatch(terminal, 'cosmos host status gpu1', 'Worker 0')).slice(-1);
  return [
    { title: 'while it runs', text: disguise(midway, stage) },
    { title: 'at the end, and how the host stands', text: disguise(withoutPrompt(status), stage) },
  ];
}

/** Screens from a command until `last` is on one of them, and a moment longer. */
async function typeAndWatch(terminal: TerminalSession, line: string, last: string): Promise<string[]> {
  await terminal.type(line);
  const seen: string[] = [];
  const deadlineMs = performance.now() + 60_000;
  while (!(seen.at(-1) ?? '').includes(last)) {
    if (performance.now() > deadlineMs) throw new Error(`"${last}" was not seen:\n${seen.at(-1)}`);
    await delay(20);
    seen.push(await terminal.screen());
  }
  await delay(1_000);
  return [...seen, await terminal.screen()];
}

function withoutPrompt(text: string): string {
  return text.replace(/\n\$ *\n*$/, '');
}

function disguise(text: string, { folder, cli, sshd, network }: RemoteStage): string {
  const address = `${sshd.settings.user}@127.0.0.1:${network.port}`;
  return text
    .replaceAll(cli.workingFolder, shown.folder)
    .replaceAll(folder, shown.folder)
    .replaceAll(address, shown.address);
}
