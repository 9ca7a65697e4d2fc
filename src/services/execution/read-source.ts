import { createHash } from 'node:crypto';
import type { PlannedSpec } from '../../core/run/plan.ts';
import { enrichingRunOf } from '../../core/spec/enrich.ts';
import { parseSpec, type SpecDocument } from '../../core/spec/parse-spec.ts';
import type { PromptSpec } from '../../core/spec/prompt-spec.ts';
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

/** Reads a planned spec's file; null when it is gone or not the planned one any more. */
export async function readSource(
  planned: PlannedSpec,
  session: Pick<RunSession, 'runId' | 'checkpoint'>,
  specs: SpecStore,
): Promise<SpecSource | null> {
  const path = specs.outputPath(session.checkpoint.input_root, planned.spec);
  const bytes = await specs.read(path);
  if (bytes === null) return null;
  const text = Buffer.from(bytes).toString('utf8');
  const parsed = parseSpec(text);
  if (!parsed.isValid) return null;
  const isPlanned = createHash('sha256').update(bytes).digest('hex') === planned.sha256;
  const isWrittenBack = !isPlanned && enrichingRunOf(parsed.spec) === session.runId;
  return isPlanned || isWrittenBack
    ? { path, text, spec: parsed.spec, document: parsed.document, isWrittenBack }
    : null;
}
