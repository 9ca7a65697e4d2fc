import type { Clock } from '../../ports/clock.ts';
import type { MediaTool } from '../../ports/media-tool.ts';
import type { EngineSpec } from '../../protocol/manifest.ts';
import type { ModelServers } from '../model-server/model-servers.ts';
import type { WorkKind } from '../tasks/engine-session.ts';
import { AnswerIndex } from './answer-index.ts';
import type { Engine } from './engine.ts';
import { createDescribeEngine } from './engines/describe/describe-engine.ts';
import { OpenAiEngine } from './engines/openai/openai-engine.ts';
import { ServedEngine } from './served-engine.ts';
import { UpsampleEngineSession } from './upsample-session.ts';

interface EngineDeps {
  readonly media: MediaTool;
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For engines whose server the worker starts itself. */
  readonly servers: ModelServers;
}

export interface UpsampleKindDeps extends EngineDeps {
  readonly random01: () => number;
  objectPathOf(sha256: string): string;
}

export function createUpsampleKind(deps: UpsampleKindDeps): WorkKind {
  const answers = new AnswerIndex();
  return {
    open: (spec: EngineSpec) =>
      new UpsampleEngineSession(spec, createEngine(spec, deps), { ...deps, answers }),
    learn: (manifests, results) => answers.learn(manifests, results),
  };
}

function createEngine(spec: EngineSpec, deps: EngineDeps): Engine {
  if (spec.kind === 'describe') return createDescribeEngine(deps.media);
  const hasOwnServer = (spec.command ?? []).length > 0;
  return hasOwnServer ? new ServedEngine({ spec, ...deps }) : new OpenAiEngine({ spec, ...deps });
}
