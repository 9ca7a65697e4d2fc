import { join, sep } from 'node:path';
import type { ParsedSpec } from '../../core/spec/parse-spec.ts';
import { type PromptSpec, sourcePromptOf, videosOf } from '../../core/spec/prompt-spec.ts';
import { type ShownRecord, shownRecordOf } from '../../core/spec/shown-record.ts';
import type { PlannedSpec, UpsamplePlan } from '../../core/upsample/upsample-plan.ts';
import { estimatorOf } from '../../core/upsample/upsample-settings.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import { fileGone, readSpecFile } from './read-specs.ts';

/** Specs of one file that are shown. */
const maxShown = 20;

/** A spec before and after. JSON, so snake_case. */
export interface ShownSpec {
  readonly spec: string;
  /** The enriched spec; null where there is none. */
  readonly enriched_spec: string | null;
  readonly id: string | null;
  /** What the user wrote. */
  readonly before: string;
  /** The enriched prompt; null where there is none. */
  readonly after: string | null;
  readonly negative_prompt: string | null;
  readonly video: string | null;
  readonly record: ShownRecord | null;
  /** What a run would send; null for a spec that is enriched, and where it cannot be said. */
  readonly planned: ShownPlan | null;
}

/** What a run would do with a spec. JSON, so snake_case. */
export interface ShownPlan extends Pick<PlannedSpec, 'action' | 'hint' | 'tokens'> {
  readonly output_reserved: number;
  readonly limit: number;
  readonly estimator: string;
  /** Why it would fail. */
  readonly message: string | null;
}

/** Adds what a plan says of specs that are not enriched yet. */
export function withPlan(shown: readonly ShownSpec[], plan: UpsamplePlan | null): readonly ShownSpec[] {
  if (plan === null) return shown;
  const { inputRoot, specs, settings } = plan;
  const byPath = new Map(specs.map((planned) => [join(inputRoot, ...planned.spec.split('/')), planned]));
  return shown.map((each) => {
    const planned = each.after === null ? byPath.get(each.spec) : undefined;
    if (!planned) return each;
    const { action, hint, tokens, failure } = planned;
    const counting = {
      output_reserved: settings.engine.max_output_tokens,
      limit: settings.max_tokens,
      estimator: estimatorOf(settings),
    };
    return { ...each, planned: { action, hint, tokens, ...counting, message: failure?.message ?? null } };
  });
}

type SpecsPort = Pick<Ports, 'specs'>;

/**
 * A spec, and what became of it: of a source the enriched spec is looked for in the output folder.
 *
 * @param typed - A file, or `FILE#N` for one of several in a file.
 * @throws AppError `input-missing`, `no-valid-spec`.
 */
export async function showSpec(
  typed: string,
  outputDir: string,
  ports: SpecsPort,
): Promise<readonly ShownSpec[]> {
  const { path, number } = fileAndNumber(typed);
  const file = await readSpecFile(path, ports.specs);
  if (!file.isRead)
    throw new AppError({
      code: 'input-missing',
      message: file.reason === fileGone ? `There is no file ${path}.` : `${path}: ${file.reason}.`,
      nextStep: 'Name a spec: a JSON file, or FILE#N for one of several in a file.',
    });
  if (file.only) return [await shownOf(path, file.only.parsed, outputDir, ports)];
  const shown: ShownSpec[] = [];
  for (const { element, parsed } of file.specs) {
    if (number !== null && element !== number) continue;
    shown.push(await shownOf(`${path}#${element}`, parsed, outputDir, ports));
    if (shown.length === maxShown) break;
  }
  if (shown.length > 0) return shown;
  throw new AppError({
    code: 'input-missing',
    message: `${path} has ${file.count} specs, and none with the number ${number}.`,
    nextStep: `Name one from 1 to ${file.count}: ${path}#1`,
  });
}

async function shownOf(
  path: string,
  parsed: ParsedSpec,
  outputDir: string,
  ports: SpecsPort,
): Promise<ShownSpec> {
  if (!parsed.isValid)
    throw new AppError({
      code: 'no-valid-spec',
      message: `${path}${parsed.line === null ? '' : `:${parsed.line}`}: ${parsed.reason}.`,
      nextStep: 'Correct the file; what it holds: cosmos help formats/prompt-spec',
    });
  const { spec } = parsed;
  const found =
    spec.is_upsampled === true ? { path, spec } : await enrichedFormOf(path, spec, outputDir, ports);
  return {
    spec: path,
    enriched_spec: found?.path ?? null,
    id: spec.id ?? null,
    before: sourcePromptOf(spec),
    after: found?.spec.prompt ?? null,
    negative_prompt: spec.negative_prompt ?? null,
    video: videosOf(spec)[0]?.path ?? null,
    record: found && shownRecordOf(found.spec),
    planned: null,
  };
}

/** The enriched spec that was made of this one: in the output folder, by the path below whatever folder was the input. */
async function enrichedFormOf(path: string, spec: PromptSpec, outputDir: string, { specs }: SpecsPort) {
  const steps = path.split(sep);
  for (let from = steps.length - 1; from > 0; from--) {
    const candidate = join(outputDir, ...steps.slice(from));
    const file = await readSpecFile(candidate, specs).catch(() => null);
    const parsed = file?.isRead ? file.only?.parsed : undefined;
    if (parsed?.isValid && parsed.spec.is_upsampled && sourcePromptOf(parsed.spec) === spec.prompt)
      return { path: candidate, spec: parsed.spec };
  }
  return null;
}

function fileAndNumber(typed: string): { readonly path: string; readonly number: number | null } {
  const [, path = typed, number] = /^(.*\.jsonl?)#(\d+)$/.exec(typed) ?? [];
  return { path, number: number === undefined ? null : Number(number) };
}
