import type { Agent, IncomingMessage } from 'node:http';
import Dockerode from 'dockerode';
import { parseForeignJson } from '../../core/json.ts';
import { readStreamAtMost, TooMuchError } from '../bounded-stream.ts';
import { strangeAnswer } from './answers.ts';
import { type DaemonLocation, DockerRefusal } from './docker-errors.ts';

/** An answer about thousands of containers has some megabytes; about a refusal it is a sentence. */
const maxAnswerBytes = 16 * 1024 * 1024;
const maxRefusalBytes = 64 * 1024;

/** The options of a request to dockerode's modem; only what matters here. */
interface DialOptions {
  readonly isStream?: boolean;
  readonly openStdin?: boolean;
  readonly hijack?: boolean;
  /** True for those that are no error; else what the error is called. */
  readonly statusCodes: Readonly<Record<number, boolean | string>>;
  readonly abortSignal?: AbortSignal;
}

type Answer = (error: Error | null, answer: unknown) => void;

interface Modem {
  dial(options: DialOptions, answer: Answer): void;
}

/** Gives a dockerode whose requests all end when `signal` aborts. */
export type OpenDocker = (signal: AbortSignal) => Dockerode;

/** Dockerodes whose every request goes through `agent`, whatever the environment says about Docker. */
export function dockerOver(agent: Agent, daemon: DaemonLocation): OpenDocker {
  const options = { protocol: 'http' as const, host: 'docker', agent };
  const modem = withoutDockerEnvironment(() => new Dockerode(options)).modem as Modem;
  return (signal) => {
    // A modem of its own, whose `dial` adds the signal: dockerode calls nothing else for a request.
    const bounded: Modem = Object.create(modem);
    bounded.dial = (request, answer) =>
      dial(modem, { ...request, abortSignal: signal }, daemon).then(
        (found) => answer(null, found),
        (error: Error) => answer(error, null),
      );
    const made: object = { modem: bounded };
    return new Dockerode(made);
  };
}

/**
 * dockerode takes `DOCKER_HOST`, certificates and more from the environment while it is made, and throws on values
 * that it cannot read. They are about the user's own Docker, not the host's.
 */
function withoutDockerEnvironment<T>(make: () => T): T {
  const hidden = Object.entries(process.env).filter(([name]) => name.startsWith('DOCKER_'));
  for (const [name] of hidden) delete process.env[name];
  try {
    return make();
  } finally {
    Object.assign(process.env, Object.fromEntries(hidden));
  }
}

/** Every status is one to go by: of an error that it makes itself, the modem would read the whole text. */
const everyStatus = new Proxy<Record<number, boolean>>({}, { get: () => true });

/**
 * Asks, and reads the answer: the modem itself never calls back when one breaks off in the middle, and reads as much as
 * there is.
 *
 * @throws DockerRefusal for the status of an error; AppError `host-refused` for an answer that is too large.
 */
async function dial(modem: Modem, request: DialOptions, daemon: DaemonLocation): Promise<unknown> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const whole = { ...request, isStream: true, statusCodes: everyStatus };
    modem.dial(whole, (error, answer) => (error ? reject(error) : resolve(answer as IncomingMessage)));
  });
  const { statusCode = 0 } = response;
  const meaning = request.statusCodes[statusCode];
  if (meaning !== true && statusCode !== 101)
    throw new DockerRefusal(statusCode, String(meaning ?? 'unexpected'), await readRefusal(response));
  if (request.isStream || request.openStdin || request.hijack) return response;
  try {
    const bytes = await readStreamAtMost(response, maxAnswerBytes);
    return parseForeignJson(bytes) ?? bytes;
  } catch (error) {
    throw error instanceof TooMuchError ? strangeAnswer(daemon, error.message, error) : error;
  }
}

/** As much of the text as a person reads. */
async function readRefusal(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxRefusalBytes) break;
  }
  const text = Buffer.concat(chunks).toString('utf8');
  const said = parseForeignJson(text);
  const message = typeof said === 'object' && said !== null && 'message' in said ? said.message : text;
  return typeof message === 'string' ? message : text;
}
