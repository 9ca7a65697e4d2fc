import { createHash } from 'node:crypto';
import { type SpecFailure, specFailure } from '../../core/run/failure.ts';
import { enrichingRunOf } from '../../core/spec/enrich.ts';
import type { SpecDocument } from '../../core/spec/parse-spec.ts';
import { parseSpecFile } from '../../core/spec/parse-spec-file.ts';
import type { PromptSpec } from '../../core/spec/prompt-spec.ts';
import type { PlannedSpec } from '../../core/upsample/upsample-plan.ts';
import { messageOf } from '../../errors/app-error.ts';
import { isSystemError } from '../../errors/system-error.ts';
import type { RunSession } from '../../ports/run-store.ts';
import type { SpecStore } from '../../ports/spec-store.ts';

/** A planned spec's file, as it is now. */
export interface SpecSource {
  readonly path: string;
  readonly text: string;
  readonly spec: PromptSpec;
  readonly document: SpecDocument;
  /** True when this run has already written the enriched spec over it, and died before it could note that. */
  readonly isWrittenBack: boolean;
}

type SessionFacts = Pick<RunSession, 'runId' | 'checkpoint'>;

/**
 * Reads a planned spec's file; null when it is gone or not the planned one any more. Errors of the system pass
 * through.
 */
export async function readSource(
  planned: PlannedSpec,
  session: SessionFacts,
  specs: SpecStore,
): Promise<SpecSource | null> {
  const path = specs.outputPath(session.checkpoint.input_root, planned.spec);
  const bytes = await readBytes(path, specs);
  if (bytes === null) return null;
  const parsed = parseSpecFile(bytes);
  if (!parsed.isValid) return null;
  const { text, spec, document } = parsed;
  const isPlanned = createHash('sha256').update(bytes).digest('hex') === planned.sha256;
  const isWrittenBack = !isPlanned && enrichingRunOf(spec) === session.runId;
  return isPlanned || isWrittenBack ? { path, text, spec, document, isWrittenBack } : null;
}

/** Like {@link readSource}, with what it means for the spec when its file cannot be used. */
export async function findSource(
  planned: PlannedSpec,
  session: SessionFacts,
  specs: SpecStore,
): Promise<
  | { readonly isFound: true; readonly source: SpecSource }
  | { readonly isFound: false; readonly failure: SpecFailure }
> {
  try {
    const source = await readSource(planned, session, specs);
    if (source !== null) return { isFound: true, source };
    return changed(`${planned.spec} is not the file that was planned any more.`);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return changed(`${planned.spec} cannot be read any more: ${messageOf(error)}.`);
  }
}

/** What has grown too large for a spec is not the planned file any more. */
async function readBytes(path: string, specs: SpecStore): Promise<Uint8Array | null> {
  try {
    return await specs.read(path);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function changed(message: string) {
  return { isFound: false, failure: specFailure('spec-changed', message) } as const;
}
