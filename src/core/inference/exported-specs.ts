import type { LeftOut } from '../spec/select-specs.ts';
import type { FamilyName } from './families.ts';

/** What became of a spec in an export. */
export interface ExportedSpec {
  /** Path relative to the input root, with forward slashes. */
  readonly spec: string;
  /** Its name among the model's samples; null for one that is refused. */
  readonly name: string | null;
  /** Why it is not in the export; null where it is. */
  readonly refusal: string | null;
  readonly warnings: readonly string[];
}

/** Files of an export that go together into one call of a program. */
interface FileGroup {
  readonly specs: number;
  /** Names in the export's folder. */
  readonly files: readonly string[];
  readonly command: string;
}

/** An export: what was written, and of what. */
export interface ExportedSpecs {
  readonly format: FamilyName | typeof batchFormat;
  readonly folder: string;
  readonly specs: readonly ExportedSpec[];
  readonly groups: readonly FileGroup[];
  /** Specs that were found and are not of the export; null for none. */
  readonly leftOut: LeftOut | null;
}

/** Requests for enriched prompts, instead of a model's input. */
export const batchFormat = 'openai-batch';
