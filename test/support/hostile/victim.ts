import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** No bomb may cost this program more, in MiB. */
export const mostMemoryMib = 300;

/** What came of a call of ours against a hostile party. */
export interface VictimEnd {
  /** What the call gave, as JSON; null where it failed. */
  readonly value: unknown;
  readonly error: { readonly name: string; readonly code: string; readonly message: string } | null;
  /** The most memory that the process had. */
  readonly memoryMib: number;
}

/**
 * Runs a scene of `victim-scenes.ts` in a process of its own, whose memory is measured. One that hangs is killed, and
 * fails the test.
 */
export async function runVictim(scene: string, given: object): Promise<VictimEnd> {
  const script = join(import.meta.dirname, 'victim-scenes.ts');
  const child = spawn(process.execPath, [script, scene, JSON.stringify(given)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 150_000,
    killSignal: 'SIGKILL',
  });
  const [stdout, stderr, code] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    new Promise((settle) => child.once('close', (...ending) => settle(ending.join(' ')))),
  ]);
  try {
    return JSON.parse(stdout) as VictimEnd;
  } catch {
    throw new Error(`${scene} ended with ${code}:\n${stdout.slice(0, 2000)}\n${stderr.slice(-4000)}`);
  }
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) text += chunk;
  return text;
}
