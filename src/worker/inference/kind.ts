import { familyNamed } from '../../core/inference/families.ts';
import type { Clock } from '../../ports/clock.ts';
import type { MediaTool } from '../../ports/media-tool.ts';
import type { ModelProgram } from '../../protocol/inference.ts';
import type { ModelServers } from '../model-server/model-servers.ts';
import type { WorkKind } from '../tasks/engine-session.ts';
import { OutputFolder } from '../tasks/output-folder.ts';
import { InferenceSession } from './inference-session.ts';

export interface InferenceKindDeps {
  readonly clock: Clock;
  readonly media: MediaTool;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly servers: ModelServers;
  readonly runFolder: string;
  /** As `InvocationDeps`. */
  readonly isInImage: boolean;
  objectPathOf(sha256: string): string;
  log(line: string): void;
}

/** Videos that a Cosmos model's own program makes of prompts. */
export function createInferenceKind(deps: InferenceKindDeps): WorkKind {
  const outputs = new OutputFolder(deps.runFolder);
  return {
    open: (program: ModelProgram) =>
      new InferenceSession(program, familyNamed(program.family), {
        ...deps,
        outputs,
        programLog: deps.servers.output,
      }),
  };
}
