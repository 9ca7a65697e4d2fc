import { type LabFacts, startLab } from '../../../test/support/lab/lab.ts';
import { missing } from '../../../test/support/lab/needs.ts';
import { createRemoteStage, type RemoteStage } from '../../../test/support/lab/remote-stage.ts';

/** Why benchmarks of remote hosts cannot run on this machine; null when they can. */
export function whyNoLab(): string | null {
  return missing('dockerd', 'docker', 'sshd', 'ssh', 'scp', 'sftp', 'ffmpeg');
}

/**
 * Runs a benchmark with a real Docker engine of its own, which holds the worker's image, and with a user's machine and
 * a host `gpu1` beside it. All of it is removed afterwards, also when the benchmark is interrupted.
 *
 * @throws where this machine cannot run one, see `whyNoLab`.
 */
export async function withStage<Result>(
  work: (stage: RemoteStage, lab: LabFacts) => Promise<Result>,
): Promise<Result> {
  const reason = whyNoLab();
  if (reason !== null) throw new Error(`This benchmark ${reason}.`);
  const { facts, engine } = await startLab();
  try {
    await using stage = await createRemoteStage(facts);
    return await unlessInterrupted(() => work(stage, facts));
  } finally {
    await engine.stop();
  }
}

/** Waits no longer for work that the user breaks off. */
async function unlessInterrupted<Result>(work: () => Promise<Result>): Promise<Result> {
  const interrupted = Promise.withResolvers<never>();
  const onSignal = (signal: NodeJS.Signals) => interrupted.reject(new Error(`interrupted by ${signal}`));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    return await Promise.race([work(), interrupted.promise]);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}
