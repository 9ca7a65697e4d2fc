import { posix } from 'node:path';
import { AppError } from '../../errors/app-error.ts';
import type { Weights } from '../docker/container-spec.ts';
import { isSftpStatus, sftpStatus } from '../sftp/sftp-errors.ts';
import type { SftpSession } from '../sftp/sftp-session.ts';

/** What containers are to see of a folder of weights; `refusal`: why they see nothing of it, else null. */
export interface WeightsChoice extends Weights {
  readonly refusal: AppError | null;
}

type Session = Pick<SftpSession, 'list' | 'lstat' | 'realPath' | 'stat'>;

export interface WeightsRequest {
  readonly setting: 'models_dir' | 'inference.checkpoints_dir';
  /** Absolute path on the host. */
  readonly path: string;
  /** The SSH user's home folder there. */
  readonly home: string;
  /** The host's root folder, where containers can write. */
  readonly rootPath: string;
}

/** Of a Hugging Face home: what holds a user's tokens. */
const tokenFiles = ['token', 'stored_tokens'];
/** Folders of a Hugging Face home beside its `hub`, none of which is a model. */
const besideHub = new Set([
  'accelerate',
  'assets',
  'datasets',
  'evaluate',
  'logs',
  'metrics',
  'modules',
  'xet',
]);
/** No folder of weights has these; homes of people and programs, and those of a system, do. */
const privateNames = new Set(
  [
    '.aws .azure .bash_history .bashrc .config .docker .gnupg .kube .local .mozilla .netrc .npmrc .password-store',
    '.profile .pypirc .ssh .zsh_history .zshrc authorized_keys credentials id_ecdsa id_ed25519 id_rsa shadow',
  ].flatMap((line) => line.split(' ')),
);
const systemFolders = /^\/(?:|boot|dev|etc|home|lib\w*|proc|root|run|s?bin|sys|usr|var|var\/(?:lib|run))$/;

/**
 * Looks what is in a folder of weights on a host, and chooses what containers see of it: of a Hugging Face home its `hub`
 * alone, of a folder that has a token beside its models the models, and any other folder of models as it is.
 */
export async function chooseWeights(session: Session, request: WeightsRequest): Promise<WeightsChoice> {
  const { path, setting } = request;
  const whole = { mounts: [{ source: path, below: '' }], hub: 'hub', refusal: null };
  // What is missing Docker says when the container is made.
  if ((await session.stat(path)) === null) return whole;
  const real = await session.realPath(path);
  const { home, rootPath } = request;
  if (systemFolders.test(real) || isWithin(await session.realPath(home), real))
    return refused(
      setting,
      path,
      'is a folder of the system or of people, which holds far more than weights',
    );
  if (isWithin(real, await realPathOf(session, rootPath)))
    return refused(setting, path, 'lies in remote_root, where containers can put links to anything');
  try {
    return await chooseAmong(session, request, whole);
  } catch (error) {
    if (!isSftpStatus(error, sftpStatus.permissionDenied)) throw error;
    return refused(setting, path, 'may not be read by your user there');
  }
}

async function chooseAmong(
  session: Session,
  { path, setting }: WeightsRequest,
  whole: WeightsChoice,
): Promise<WeightsChoice> {
  const entries = await session.list(path, (entry) => entry);
  const names = new Set(entries.map(({ name }) => name));
  const secret = [...names].find((name) => privateNames.has(name));
  if (secret !== undefined) return refused(setting, path, `holds ${secret}, and not weights alone`);
  if (names.has('huggingface') && (await hasToken(session, posix.join(path, 'huggingface'))))
    return refused(setting, path, `holds a token of Hugging Face`, posix.join(path, 'huggingface'));
  if (names.has('hub')) return { ...whole, mounts: [{ source: posix.join(path, 'hub'), below: 'hub' }] };
  const isCache = [...names].some((name) => name.startsWith('models--'));
  const hub = isCache ? '' : 'hub';
  if (!tokenFiles.some((name) => names.has(name))) return { ...whole, hub };
  const shown = entries.filter(
    ({ name, kind }) => kind !== 'file' && !name.startsWith('.') && !besideHub.has(name),
  );
  const below = await Promise.all(shown.map(({ name }) => folderAt(session, path, name)));
  return { ...whole, mounts: below.flatMap((mount) => mount ?? []).sort(bySource), hub };
}

/** Null for what is neither a folder nor a link to one. */
async function folderAt(
  session: Session,
  path: string,
  name: string,
): Promise<Weights['mounts'][number] | null> {
  const source = posix.join(path, name);
  return (await session.stat(source))?.isDirectory() ? { source, below: name } : null;
}

function bySource(one: Weights['mounts'][number], other: Weights['mounts'][number]): number {
  return one.source < other.source ? -1 : 1;
}

async function hasToken(session: Session, folder: string): Promise<boolean> {
  const found = await Promise.all(tokenFiles.map((name) => session.lstat(posix.join(folder, name))));
  return found.some((stats) => stats !== null);
}

/** A root that is not there yet has no other path. */
async function realPathOf(session: Session, path: string): Promise<string> {
  return (await session.stat(path)) === null ? path : await session.realPath(path);
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

function refused(
  setting: WeightsRequest['setting'],
  path: string,
  why: string,
  better = 'the folder that holds the models alone, such as ~/.cache/huggingface',
): WeightsChoice {
  const refusal = new AppError({
    code: 'config-invalid',
    message: `${setting} = ${JSON.stringify(path)} ${why}: containers are not shown it.`,
    nextStep: `Set ${setting} to ${better}.`,
  });
  return { mounts: [], hub: 'hub', refusal };
}
