import type { EngineSpec } from '../../protocol/manifest.ts';
import type { Engine, PreparedUpsample, PromptRequest, UpsampleAnswer } from '../engines/engine.ts';
import type { EngineServers } from '../model-server/model-servers.ts';
import type { ServedModel, ServerLease } from '../model-server/server-lease.ts';
import { Ticket } from '../model-server/server-requests.ts';
import { createOpenAiEngine, type OpenAiEngineParts } from './engines/openai/openai-engine.ts';

/** What an engine with a server of its own is built from. */
interface ServedEngineParts extends OpenAiEngineParts {
  readonly servers: EngineServers;
}

/**
 * An engine whose server the worker starts itself. A death of the server costs a request time but no attempt:
 * it is sent again, unless it is the one that the server dies of.
 */
export function createServedEngine(parts: ServedEngineParts): Engine {
  return new ServedEngine(parts);
}

class ServedEngine implements Engine {
  readonly isReleasedWhenIdle = true;
  readonly #lease: ServerLease;
  readonly #asking: ReturnType<typeof createOpenAiEngine>;
  #baseUrl = '';
  #served: ServedModel | null = null;
  #stopSignal: AbortSignal = AbortSignal.abort();

  constructor(parts: ServedEngineParts) {
    this.#lease = parts.servers.lease(parts.spec);
    const spec = ownServerSpec(parts.spec, parts.environment);
    this.#asking = createOpenAiEngine({ ...parts, spec, baseUrl: () => this.#baseUrl });
  }

  get trouble(): string | null {
    const { server, hunt } = this.#served ?? {};
    return this.#lease.trouble ?? server?.trouble ?? hunt?.trouble ?? null;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#stopSignal = signal;
    this.#served = await this.#lease.take(signal);
    const hello = (ended: AbortSignal) => this.#asking.start(ended);
    await this.#send(new Ticket(), hello, signal);
  }

  async upsample(request: PromptRequest, signal: AbortSignal): Promise<UpsampleAnswer> {
    const ask = await this.prepare(request, signal);
    return await ask(request.attempt, signal);
  }

  async prepare(request: PromptRequest, signal: AbortSignal): Promise<PreparedUpsample> {
    const ask = await this.#asking.prepare(request, signal);
    const ticket = new Ticket();
    return (attempt, abort) => this.#send(ticket, (ended) => ask(attempt, ended), abort);
  }

  async stop(): Promise<void> {
    this.#lease.release();
    await this.#asking.stop();
  }

  async #send<T>(ticket: Ticket, send: (ended: AbortSignal) => Promise<T>, abort: AbortSignal): Promise<T> {
    if (!this.#served) throw new Error('the engine was asked before it was started');
    return await this.#served.hunt.ask(
      ticket,
      (baseUrl, ended) => {
        this.#baseUrl = baseUrl;
        return send(ended);
      },
      { stop: this.#stopSignal, abort },
    );
  }
}

/** A server on loopback needs no key, unless one is set for it here. */
function ownServerSpec(
  spec: EngineSpec,
  environment: Readonly<Record<string, string | undefined>>,
): EngineSpec {
  const name = spec.api_key_env;
  const hasKey = name !== null && (environment[name] ?? '').trim() !== '';
  return { ...spec, api_key_env: hasKey ? name : null };
}
