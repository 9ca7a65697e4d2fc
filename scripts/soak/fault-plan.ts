import { setTimeout as delay } from 'node:timers/promises';
import type { DockerEngine } from '../../test/support/lab/docker-engine.ts';
import type { RemoteStage } from '../../test/support/lab/remote-stage.ts';
import type { CliProcess } from '../../test/support/run-cli.ts';
import type { SmallDisk } from '../../test/support/small-disk.ts';

/** Everything that can be disturbed. */
export interface Scene {
  readonly stage: RemoteStage;
  readonly engine: DockerEngine;
  readonly disk: SmallDisk;
  readonly cli: CliProcess;
}

/** Something that goes wrong, from its beginning until it is over; `random01` decides how bad it is. */
export type Fault = (scene: Scene, random01: () => number) => Promise<void>;

export const between = (least: number, most: number, random01: () => number) =>
  least + random01() * (most - least);

/** One time in eight a trouble of the link lasts longer than the keepalive waits. */
const troubleMs = (random01: () => number) =>
  random01() < 0.125 ? between(20_000, 30_000, random01) : between(300, 4_000, random01);

/** What goes wrong; each is as likely as the others. */
export const faults: Readonly<Record<string, Fault>> = {
  'link cut': async ({ stage }) => stage.network.cut(),
  'link cut every 1.5 s': async ({ stage }, random01) => {
    stage.network.cutEvery(1_500);
    await delay(between(1_500, 6_000, random01));
    stage.network.heal();
  },
  'link silent': async ({ stage }, random01) => {
    stage.network.stall();
    await delay(troubleMs(random01));
    stage.network.heal();
  },
  'link half open': async ({ stage }, random01) => {
    stage.network.halfOpen();
    await delay(troubleMs(random01));
    stage.network.heal();
    // What was dropped is missing from the stream for good.
    stage.network.cut();
  },
  'host unreachable': async ({ stage }, random01) => {
    stage.network.refuse();
    await delay(between(200, 4_000, random01));
    stage.network.heal();
  },
  'sshd restarted': async ({ stage }) => await stage.sshd.restart(),
  'program killed': async ({ cli }) => {
    cli.child.kill('SIGKILL');
    await cli.ended;
  },
  'program stopped': async ({ cli }) => {
    cli.child.kill('SIGTERM');
    await cli.ended;
  },
  'program frozen': async ({ cli }, random01) => {
    cli.child.kill('SIGSTOP');
    await delay(between(500, 5_000, random01));
    cli.child.kill('SIGCONT');
  },
  'worker killed': async ({ stage }) => {
    // There may be none at this moment.
    await stage.docker('kill', stage.container()).catch(() => undefined);
  },
  'worker removed': async ({ stage }) => {
    await stage.docker('rm', '-f', stage.container()).catch(() => undefined);
  },
  'engine restarted': async ({ engine }) => await engine.restart(),
  'engine killed': async ({ engine }, random01) => {
    await engine.kill();
    await delay(between(200, 3_000, random01));
    await engine.restart();
  },
  'disk full': async ({ disk }, random01) => {
    disk.fill();
    await delay(between(300, 4_000, random01));
    disk.free();
  },
};

/** The next fault's name, and how long after the last one it comes, in milliseconds. */
export function nextFault(random01: () => number, all: Readonly<Record<string, unknown>> = faults) {
  const names = Object.keys(all);
  return { name: names[Math.floor(random01() * names.length)] ?? '', waitMs: between(0, 1_500, random01) };
}
