import type Dockerode from 'dockerode';
import { shortened } from '../../core/shortened.ts';
import { AppError } from '../../errors/app-error.ts';
import type { PrepareProgress } from '../../ports/host-upkeep.ts';
import { TooMuchError } from '../bounded-stream.ts';
import { strangeAnswer } from './answers.ts';
import type { DockerClient } from './docker-client.ts';
import { DaemonUnavailableError, dockerReason, isDaemonUnavailable, statusOf } from './docker-errors.ts';
import { ImageProgress, readMessages } from './image-progress.ts';

/** A step of a build, or the unpacking of a large layer, may say nothing for minutes; in milliseconds. */
const silenceMs = 15 * 60_000;

/** Between two messages about layers, which come by the hundred a second; in milliseconds. */
const layerPauseMs = 250;

/** Work of a Docker daemon that reports in a stream: building or pulling. */
interface ImageJob {
  readonly verb: 'built' | 'pulled';
  readonly image: string;
  readonly begin: (docker: Dockerode) => Promise<NodeJS.ReadableStream>;
}

/**
 * Begins a job and follows it to its end. When the connection is lost it begins again: what was done, the daemon has
 * in its cache.
 *
 * @throws AppError `image-failed` with the last lines of output, `disk-full`, or the errors of connecting.
 */
export async function runImageJob(
  client: DockerClient,
  job: ImageJob,
  onProgress: (progress: PrepareProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  let progress = new ImageProgress();
  try {
    await client.call(
      async (docker, noteProgress) => {
        progress = new ImageProgress();
        let quietUntilMs = 0;
        for await (const message of readMessages(await job.begin(docker))) {
          noteProgress();
          if (message.error !== undefined) throw asFailure(client, job, message.error, progress.tail);
          const shown = progress.take(message);
          if (!shown || (message.id !== undefined && performance.now() < quietUntilMs)) continue;
          quietUntilMs = performance.now() + layerPauseMs;
          onProgress(shown);
        }
      },
      { silenceMs, signal },
    );
  } catch (error) {
    if (error instanceof TooMuchError)
      throw strangeAnswer(client.daemon, `a message about the image ${job.image} has no end`, error);
    if (statusOf(error) === null) throw error;
    throw failed(client, job, dockerReason(error), progress.tail);
  }
}

function asFailure(client: DockerClient, job: ImageJob, reason: string, tail: readonly string[]): Error {
  return isDaemonUnavailable(reason) ? new DaemonUnavailableError(reason) : failed(client, job, reason, tail);
}

function failed(client: DockerClient, job: ImageJob, reason: string, tail: readonly string[]): AppError {
  const said = shortened(reason.trim(), 2000);
  const message = `${client.daemon.hostName}: the image ${job.image} could not be ${job.verb}: ${said}`;
  if (/no space left on device/i.test(said))
    return new AppError({
      code: 'disk-full',
      message,
      nextStep: 'Make room there: docker system df shows what uses it.',
    });
  const isAboutRegistry =
    /pull access denied|manifest( for .*)? (unknown|not found)|no such host|dial tcp|i\/o timeout|lookup /i.test(
      said,
    );
  const advice = isAboutRegistry
    ? 'The host has to reach the registry; if it cannot, load an image there and set image or base_image to it.'
    : null;
  const lines = tail.length > 0 ? `The last lines were:\n${tail.join('\n')}` : null;
  const nextStep = [advice, lines].filter((part) => part !== null).join('\n');
  return new AppError({ code: 'image-failed', message, ...(nextStep !== '' && { nextStep }) });
}
