import { readFileSync, statSync } from 'node:fs';
import { Redis } from 'ioredis';
import type { QueueSettings } from '../../core/settings/settings-schema.ts';
import { AppError, messageOf } from '../../errors/app-error.ts';
import { expandHome } from '../cosmos-folders.ts';
import { assertFile } from '../files/open-file.ts';
import { boundedConnector } from './bounded-connector.ts';
import { RedisJobs } from './redis-jobs.ts';

/** How long the first connection may take, in milliseconds. */
const connectTimeoutMs = 10_000;

/**
 * How long a connection may stay silent while an answer is awaited, in milliseconds: what lies between may have forgotten it
 * without a word. Longer than any command waits at the server.
 */
const usualSilenceMs = 20_000;

/** Longest pause between two attempts to connect again, in milliseconds. */
const maxPauseMs = 2_000;

/** Opens the jobs of the queue of the settings. @throws AppError `config-invalid`, and as `connectRedis`. */
export async function openJobs(
  settings: QueueSettings,
  environment: NodeJS.ProcessEnv,
  silenceMs = usualSilenceMs,
): Promise<RedisJobs> {
  if (settings.url === '')
    throw new AppError({
      code: 'config-invalid',
      message: 'There is no queue in the settings.',
      nextStep: 'Set url and store under [queue], or give --queue redis://HOST:6379 --store PATH.',
    });
  const { redis, refusal } = await connectRedis(settings, environment, silenceMs);
  return new RedisJobs(redis, settings.prefix, refusal);
}

/**
 * A connection to the queue's Redis. When it breaks it is made again and again, and commands wait meanwhile.
 *
 * @param environment - Has the password.
 * @throws AppError `host-unreachable` when there is no connection at first, `config-invalid`, `host-auth-failed`.
 */
async function connectRedis(
  settings: QueueSettings,
  environment: NodeJS.ProcessEnv,
  silenceMs: number,
): Promise<{ readonly redis: Redis; refusal(): AppError | null }> {
  let refused: AppError | null = null;
  const onRefused = (what: string) => {
    refused ??= notTaken(settings, what);
    // What waits for an answer is told why none comes; there is no further attempt.
    redis.recoverFromFatalError(refused, refused, {});
  };
  const redis = new Redis({
    ...redisOptions(settings, environment),
    ...{ socketTimeout: silenceMs, Connector: boundedConnector(onRefused) },
    retryStrategy: (times) => (refused ? null : Math.min(100 * 2 ** Math.min(times, 10), maxPauseMs)),
  });
  let last: unknown = null;
  redis.on('error', (error: unknown) => {
    last = error;
  });
  const timeout = AbortSignal.timeout(connectTimeoutMs);
  try {
    await Promise.race([
      redis.connect().then(() => redis.ping()),
      new Promise((_, reject) => timeout.addEventListener('abort', () => reject(last ?? timeout.reason))),
    ]);
    return { redis, refusal: () => refused };
  } catch (error) {
    redis.disconnect();
    if (refused) throw refused;
    throw unreachable(settings, last ?? error);
  }
}

function redisOptions(settings: QueueSettings, environment: NodeJS.ProcessEnv) {
  const url = new URL(settings.url);
  const username = settings.username || decodeURIComponent(url.username);
  const password = settings.password_env === '' ? undefined : environment[settings.password_env];
  const isTls = url.protocol === 'rediss:';
  const ca = settings.tls_ca_file === '' ? undefined : readCa(expandHome(settings.tls_ca_file));
  return {
    // An IPv6 address is in brackets in a URL only.
    host: url.hostname.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1',
    port: url.port === '' ? 6379 : Number(url.port),
    db: Number(url.pathname.slice(1) || 0),
    ...(username !== '' && { username }),
    ...(password && { password }),
    ...(isTls && { tls: { servername: url.hostname, ...(ca !== undefined && { ca }) } }),
    lazyConnect: true,
    maxRetriesPerRequest: null,
    connectTimeout: connectTimeoutMs,
  };
}

function readCa(path: string): string {
  try {
    assertFile(statSync(path));
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new AppError({
      code: 'config-invalid',
      message: `The certificates of the queue cannot be read: ${messageOf(error)}`,
      nextStep: 'Set tls_ca_file under [queue] to a PEM file.',
    });
  }
}

function notTaken(settings: QueueSettings, what: string): AppError {
  const { host } = new URL(settings.url);
  return new AppError({
    code: 'host-refused',
    message: `Redis at ${host} sent ${what}: nothing that cosmos keeps there is like that, so the connection was ended.`,
    nextStep: 'Check url and prefix under [queue], and who else may write to that server.',
  });
}

function unreachable(settings: QueueSettings, error: unknown): AppError {
  const { host } = new URL(settings.url);
  const reason = messageOf(error);
  const isRefused = /WRONGPASS|NOAUTH|invalid password|NOPERM/i.test(reason);
  const variable = settings.password_env || 'password_env (not set)';
  return new AppError({
    code: isRefused ? 'host-auth-failed' : 'host-unreachable',
    message: `The queue at ${host} ${isRefused ? 'refused' : 'cannot be reached'}: ${reason}`,
    nextStep: isRefused
      ? `Set the password in the environment variable ${variable}, and username under [queue] for an ACL user.`
      : `Is Redis running there, and may this machine connect? cosmos doctor --queue ${settings.url}`,
    isRetryable: !isRefused,
    cause: error,
  });
}
