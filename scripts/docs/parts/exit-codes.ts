import { type ErrorCode, exitCodeOf, exitCodes } from '../../../src/errors/error-codes.ts';
import { markdownTable } from '../markdown-table.ts';

/** What each exit code tells the caller; one that is missing here does not compile. */
const meanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: 'Everything asked for is done; with `--detach`: everything is handed over.',
  unexpected: 'Unexpected: a bug, or the machine (no space, no rights, a process that keeps dying).',
  usage: 'Wrong usage, settings, specs or key; a host that refuses, or is not prepared. Nothing was run.',
  partial: 'The run ended; some specs failed, all others are done. The report names each failure.',
  unreachable: 'The host or the server cannot be reached; work may still be running there: resume or attach.',
  locked: 'Another process works on this run or this output folder, or the host is busy with other settings.',
  mismatch:
    'The checkpoint does not match these inputs, these settings or this version. Nothing was changed.',
  sigint:
    'Ctrl-C (SIGINT): the state is saved, and the resume command was printed; in `attach` the work keeps running.',
  sigterm: 'SIGTERM or SIGHUP: the same; a closed terminal leaves the work of a host running.',
};

const causes: Readonly<Record<ErrorCode, string>> = {
  unexpected: 'a bug; `DEBUG=1` shows where',
  'usage-invalid': 'a flag or an argument is missing, unknown or contradicts another',
  'config-invalid': 'a settings file cannot be read, or has an unknown or wrong setting',
  'config-not-trusted':
    'a `config.toml` of this folder has settings that you have not approved, or others may write to a settings file',
  'run-not-trusted': 'a run that you did not start, and have not approved',
  'no-valid-spec': 'none of the files is a PromptSpec',
  'spec-exists': '`create-spec` would overwrite a file',
  'input-missing': 'a file or folder that was named is not there',
  'run-not-found': 'no run under that path, id or `latest`',
  'run-ambiguous': 'part of an id that several runs have; the message lists them',
  'run-kind': 'a run of another kind: prompts were enriched there, or a video upscaled',
  'prerequisite-missing': 'a program is missing: ffmpeg here, or what gives GPUs to containers on a host',
  'engine-rejected': 'the server refuses: key, model or address',
  'engine-unreachable': 'the server cannot be reached',
  'failures-repeated':
    'prompts failed with the same error again and again, so the run stopped asking; what was not tried is left as it was',
  'host-unknown': 'no host of that name in the settings',
  'host-unreachable': 'the host cannot be reached; work there may still be running',
  'host-key-unknown': 'the host has no key on file; nothing was sent',
  'host-key-changed': 'the host shows another key than the one on file, or a revoked one; nothing was sent',
  'host-auth-failed': 'the host takes none of the keys that were offered',
  'host-refused': 'the host forbids what a run needs: forwarding, the Docker socket, a folder',
  'host-busy': 'a worker of the host has other settings or another version, and is at work',
  'image-missing': "the worker's image is not on the host",
  'image-failed': 'the image could not be built or pulled',
  'worker-failed': 'the worker does not start or keeps ending',
  'run-locked': 'another process has the run or the output folder',
  'checkpoint-damaged': 'a checkpoint or journal is not what cosmos wrote',
  'checkpoint-mismatch': 'specs, videos or settings changed since the run began',
  'checkpoint-version': 'a checkpoint of another version of cosmos',
  'disk-full': 'no space left while writing, here or on the host',
  'disk-read-only': 'a disk takes no writes, here or on the host',
  'video-unreadable': 'a video that cannot be read was given to `create-spec` or `upscale`',
  'hint-failed': 'no hint could be made, for a reason beyond the video',
  'frames-failed': 'ffmpeg ended while frames went through it',
  'picture-unreadable': 'a picture is neither PNG nor JPEG, is damaged, or is too large',
  'model-unreadable': 'a file is no ONNX model that upscales, or upscales by another factor',
  'output-exists': '`upscale` would overwrite a file',
  'output-unsupported': 'the output cannot hold what is asked for: its container, its size',
  'output-invalid': 'a finished video failed its verification; nothing has the final name',
};

/** Exit codes with their meaning. */
export function exitCodeTable(): string {
  const rows = Object.entries(exitCodes).map(([name, code]) => [
    String(code),
    meanings[name as keyof typeof exitCodes],
  ]);
  return markdownTable(['Exit code', 'Meaning'], rows);
}

/** Error codes of `--json` with the exit code each one ends with. */
export function errorCodeTable(): string {
  const rows = Object.entries(exitCodeOf).map(([code, exitCode]) => [
    `\`${code}\``,
    String(exitCode),
    causes[code as ErrorCode],
  ]);
  return markdownTable(['`error.code`', 'Exit code', 'Cause'], rows);
}
