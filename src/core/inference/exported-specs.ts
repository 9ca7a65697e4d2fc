import type { FamilyName } from './families.ts';
import type { ExportedGroup } from './sample.ts';

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

/** An export: what was written, and of what. */
export interface ExportedSpecs {
  readonly family: FamilyName;
  readonly folder: string;
  readonly specs: readonly ExportedSpec[];
  readonly groups: readonly ExportedGroup[];
}
