import type { Clock } from '../../ports/clock.ts';
import type { MediaTool } from '../../ports/media-tool.ts';
import type { EngineSpec } from '../../protocol/manifest.ts';
import { createDescribeEngine } from '../engines/describe/describe-engine.ts';
import type { Engine } from '../engines/engine.ts';
import type { EngineServers } from '../model-server/model-servers.ts';
import { createOpenAiEngine } from './engines/openai/openai-engine.ts';
import { createServedEngine } from './served-engine.ts';

/** What engines are built from. */
interface EngineParts {
  readonly media: MediaTool;
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For engines whose server the worker starts itself. */
  readonly servers: EngineServers;
}

/** The engine that a manifest asks for, not yet started. */
export function createEngine(spec: EngineSpec, parts: EngineParts): Engine {
  switch (spec.kind) {
    case 'describe':
      return createDescribeEngine(parts.media);
    case 'openai': {
      const hasOwnServer = (spec.command ?? []).length > 0;
      return hasOwnServer ? createServedEngine({ spec, ...parts }) : createOpenAiEngine({ spec, ...parts });
    }
  }
}
