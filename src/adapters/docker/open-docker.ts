import type { Agent } from 'node:http';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import Dockerode from 'dockerode';
import { parseJson } from '../../core/json.ts';

/** The options of a request to dockerode's modem; only what matters here. */
interface DialOptions {
  readonly isStream?: boolean;
  readonly openStdin?: boolean;
  readonly hijack?: boolean;
  readonly abortSignal?: AbortSignal;
}

type Answer = (error: Error | null, answer: unknown) => void;

interface Modem {
  dial(options: DialOptions, answer: Answer): void;
}

/** Gives a dockerode whose requests all end when `signal` aborts. */
export type OpenDocker = (signal: AbortSignal) => Dockerode;

/** Dockerodes whose every request goes through `agent`, whatever the environment says about Docker. */
export function dockerOver(agent: Agent): OpenDocker {
  const options = { protocol: 'http' as const, host: 'docker', agent };
  const modem = withoutDockerEnvironment(() => new Dockerode(options)).modem as Modem;
  return (signal) => {
    // A modem of its own, whose `dial` adds the signal: dockerode calls nothing else for a request.
    const bounded: Modem = Object.create(modem);
    bounded.dial = (request, answer) => dialWhole(modem, { ...request, abortSignal: signal }, answer);
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

/** The modem itself never calls back when an answer breaks off in the middle. */
function dialWhole(modem: Modem, request: DialOptions, answer: Answer): void {
  if (request.isStream || request.openStdin || request.hijack) {
    modem.dial(request, answer);
    return;
  }
  modem.dial({ ...request, isStream: true }, (error, response) => {
    if (error) return answer(error, null);
    buffer(response as Readable).then(
      (bytes) => answer(null, parseJson(bytes) ?? bytes),
      (reason: Error) => answer(reason, null),
    );
  });
}
