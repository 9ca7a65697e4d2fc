import { readdir, readFile } from 'node:fs/promises';

/** What a process of a run is. */
type RunProcessKind = 'program' | 'worker' | 'ffmpeg' | 'other';

/** One process of a run of the program. */
export interface RunProcess {
  readonly pid: number;
  readonly kind: RunProcessKind;
}

/** The kernel counts CPU time for programs in hundredths of a second. */
const millisecondsPerTick = 10;
const markName = 'COSMOS_BENCH_RUN';

/** Environment that marks a run: whatever it starts inherits the mark. */
export function markedEnvironment(env: NodeJS.ProcessEnv, mark: string): NodeJS.ProcessEnv {
  return { ...env, [markName]: mark };
}

/** All processes of the run with this mark, also those whose parents are gone. Linux only. */
export async function processesOf(mark: string): Promise<RunProcess[]> {
  const wanted = `${markName}=${mark}`;
  const pids = (await readdir('/proc')).map(Number).filter((number) => number > 0);
  const found = pids.map(async (pid) => {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
    if (!environment.split('\0').includes(wanted)) return [];
    const command = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '');
    // A process that has ended and waits for its parent has no command line.
    return command === '' ? [] : [{ pid, kind: kindOf(command.split('\0')) }];
  });
  return (await Promise.all(found)).flat();
}

/** Memory of a process in bytes: what is shared counts in equal parts for each that shares it. 0 when it is gone. */
export async function memoryOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'latin1').catch(() => '');
  return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
}

/** CPU time that a process used so far, in milliseconds. 0 when it is gone. */
export async function cpuTimeOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * millisecondsPerTick;
}

function kindOf([program = '', ...args]: readonly string[]): RunProcessKind {
  if (/ff(mpeg|probe)$/.test(program)) return 'ffmpeg';
  const script = args.find((arg) => /\.[cm]?[jt]s$/.test(arg) && !arg.includes('note-usage')) ?? '';
  if (script.endsWith('run.js')) return 'program';
  return /worker/.test(script) ? 'worker' : 'other';
}
