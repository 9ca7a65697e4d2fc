import { AppError } from '../../errors/app-error.ts';
import { dockerReason } from './docker-errors.ts';

/** A folder that containers are to have is not on the host. */
export function folderGone(path: string) {
  return {
    code: 'config-invalid',
    message: `There is no folder ${path} on the host.`,
    nextStep: 'Correct models_dir, inference.checkpoints_dir or remote_root, or make the folder.',
  } as const;
}

interface Refusal {
  readonly pattern: RegExp;
  readonly error: (
    reason: string,
    match: RegExpExecArray,
  ) => Omit<ConstructorParameters<typeof AppError>[0], 'cause'>;
}

/** Why Docker refuses to make or start a container, in the order of checking. */
const refusals: readonly Refusal[] = [
  {
    pattern: /could not select device driver|no known GPU vendor|nvidia-container-(cli|runtime)|CDI device/i,
    error: (reason) => ({
      code: 'prerequisite-missing',
      message: `Docker cannot give GPUs to containers: ${reason}.`,
      nextStep:
        'Install nvidia-container-toolkit there and run sudo nvidia-ctk runtime configure --runtime=docker, or set gpus = "none".',
    }),
  },
  {
    pattern: /bind source path does not exist: (.*)/i,
    error: (_reason, match) => folderGone(match[1]?.trim() ?? ''),
  },
  {
    pattern: /no space left on device/i,
    error: (reason) => ({
      code: 'disk-full',
      message: `The host's disk is full: ${reason}.`,
      nextStep: 'Make room there; cosmos host prune NAME removes what no run needs.',
      isRetryable: true,
    }),
  },
  {
    pattern: /docker-init\b.*(no such file|not found)/i,
    error: () => ({
      code: 'prerequisite-missing',
      message: "The host's Docker daemon has no docker-init.",
      nextStep:
        'Install it there: it is in the package tini of Debian and Ubuntu, and in docker-ce of docker.com.',
    }),
  },
  {
    pattern: /executable file not found|exec format error|no such file or directory: unknown/i,
    error: (reason) => ({
      code: 'image-failed',
      message: `The image has no worker that can be started: ${reason}.`,
      nextStep: 'Build it again with cosmos host prepare NAME --force, or correct image in the settings.',
    }),
  },
];

/** What a user sees when the Docker daemon of `hostName` refused to make or start the container `name`. */
export function asContainerError(error: unknown, name: string, hostName: string): AppError {
  const reason = dockerReason(error).replace(/\.$/, '');
  for (const { pattern, error: describe } of refusals) {
    const match = pattern.exec(reason);
    if (!match) continue;
    const facts = describe(reason, match);
    return new AppError({
      ...facts,
      message: `${hostName}, container ${name}: ${facts.message}`,
      cause: error,
    });
  }
  return new AppError({
    code: 'worker-failed',
    message: `${hostName}: the container ${name} cannot be started: ${reason}.`,
    nextStep: `cosmos doctor --host ${hostName} checks what it needs.`,
    cause: error,
  });
}
