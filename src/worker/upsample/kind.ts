import { AnswerIndex } from '../../core/upsample/answer-index.ts';
import type { Clock } from '../../ports/clock.ts';
import type { MediaTool } from '../../ports/media-tool.ts';
import type { EngineSpec } from '../../protocol/manifest.ts';
import type { ModelServers, ServedModel, ServerLease } from '../model-server/model-servers.ts';
import { RequestState } from '../model-server/server-requests.ts';
import type { WorkKind } from '../tasks/engine-session.ts';
import type { Engine, PreparedUpsample, PromptRequest } from './engine.ts';
import { createDescribeEngine } from './engines/describe/describe-engine.ts';
import { OpenAiEngine, type OpenAiEngineDeps } from './engines/openai/openai-engine.ts';
import { UpsampleEngineSession } from './upsample-session.ts';

/**
 * An engine whose server the worker starts itself. A death of the server costs a request time but no attempt:
 * it is sent again, unless it is the one that the server dies of.
 */
class ServedEngine implements Engine {
  readonly preparesAhead = true;
  readonly isReleasedWhenIdle = true;
  readonly #lease: ServerLease;
  readonly #client: OpenAiEngine;
  #baseUrl = '';
  #served: ServedModel | null = null;
  #stopSignal: AbortSignal = AbortSignal.abort();

  constructor(deps: OpenAiEngineDeps & { readonly servers: ModelServers }) {
    this.#lease = deps.servers.lease(deps.spec);
    const spec = ownServerSpec(deps.spec, deps.environment);
    this.#client = new OpenAiEngine({ ...deps, spec, baseUrl: () => this.#baseUrl });
  }

  get waitReason(): string | null {
    const { server, requests } = this.#served ?? {};
    return this.#lease.waitReason ?? server?.waitReason ?? requests?.waitReason ?? null;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#stopSignal = signal;
    this.#served = await this.#lease.take(signal);
    await this.#send(new RequestState(), (ended) => this.#client.start(ended), signal);
  }

  async prepare(request: PromptRequest, signal: AbortSignal): Promise<PreparedUpsample> {
    const ask = await this.#client.prepare(request, signal);
    const state = new RequestState();
    return (attempt, abort, correction) =>
      this.#send(state, (ended) => ask(attempt, ended, correction), abort);
  }

  async stop(): Promise<void> {
    this.#lease.release();
    await this.#client.stop();
  }

  async #send<T>(
    state: RequestState,
    send: (ended: AbortSignal) => Promise<T>,
    abort: AbortSignal,
  ): Promise<T> {
    if (!this.#served) throw new Error('the engine was asked before it was started');
    const sendTo = (baseUrl: string, ended: AbortSignal) => {
      this.#baseUrl = baseUrl;
      return send(ended);
    };
    return await this.#served.requests.send(state, sendTo, { stop: this.#stopSignal, abort });
  }
}

interface EngineDeps {
  readonly media: MediaTool;
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For engines whose server the worker starts itself. */
  readonly servers: ModelServers;
}

export interface UpsampleKindDeps extends EngineDeps {
  readonly random01: () => number;
  log(line: string): void;
  objectPathOf(sha256: string): string;
}

export function createUpsampleKind(deps: UpsampleKindDeps): WorkKind {
  const answers = new AnswerIndex();
  return {
    open: (spec: EngineSpec) =>
      new UpsampleEngineSession(spec, createEngine(spec, deps), { ...deps, answers }),
    learn: (manifests, results) => {
      for (const manifest of manifests)
        if (manifest.kind === 'upsample')
          for (const { tasks } of manifest.batches) for (const task of tasks) answers.noteTask(task);
      for (const { task_key: key, status, text } of results)
        if (status === 'ok' && text !== null) answers.learn(key, text);
    },
  };
}

function createEngine(spec: EngineSpec, deps: EngineDeps): Engine {
  if (spec.kind === 'describe') return createDescribeEngine(deps.media);
  const hasOwnServer = (spec.command ?? []).length > 0;
  return hasOwnServer ? new ServedEngine({ spec, ...deps }) : new OpenAiEngine({ spec, ...deps });
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
