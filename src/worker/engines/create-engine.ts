import type { Clock } from '../../ports/clock.ts';
import type { MediaTool } from '../../ports/media-tool.ts';
import type { EngineSpec } from '../../protocol/manifest.ts';
import { createDescribeEngine } from './describe/describe-engine.ts';
import type { Engine } from './engine.ts';
import { createOpenAiEngine } from './openai/openai-engine.ts';

/** What engines are built from. */
export interface EngineParts {
  readonly media: MediaTool;
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The engine that a manifest asks for, not yet started. */
export function createEngine(spec: EngineSpec, parts: EngineParts): Engine {
  switch (spec.kind) {
    case 'describe':
      return createDescribeEngine(parts.media);
    case 'openai':
      return createOpenAiEngine({ spec, ...parts });
  }
}
