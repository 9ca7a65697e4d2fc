import pMap from 'p-map';
import { type FoundRunSpec, nameOfRun, readRunSpec, runSpecsOf } from '../../core/inference/run-spec.ts';
import { parseJson } from '../../core/json.ts';
import type { PromptSpec } from '../../core/spec/prompt-spec.ts';
import { isSelected, type LeftOut, type SpecSelection, selectionText } from '../../core/spec/select-specs.ts';
import { elementName } from '../../core/upsample/upsample-plan.ts';
import type { Ports } from '../../ports/ports.ts';
import type { SpecCandidate, SpecCandidates } from '../../ports/spec-store.ts';
import { nothingSelected, readSpecFile } from '../specs/read-specs.ts';

/** A spec that becomes a sample. */
export interface ReadSpec {
  readonly spec: string;
  readonly path: string;
  /** Null for one without a name. */
  readonly name: string | null;
  readonly parsed: PromptSpec;
  /** The RunSpec that it is exported for; null for the spec itself. */
  readonly run: FoundRunSpec | null;
}

/** A file, or a spec in it, that becomes none. */
interface RefusedSpec {
  readonly spec: string;
  readonly name: null;
  readonly refusal: string;
}

type FoundSpec = ReadSpec | RefusedSpec;

/** Reads what is to be exported: a sample for each RunSpec of a spec, or one for the spec itself. */
export async function readExported(
  { specs: found, pathOf, misnamed }: Pick<SpecCandidates, 'specs' | 'pathOf' | 'misnamed'>,
  ports: Pick<Ports, 'specs'>,
  options: { readonly concurrency: number; readonly signal: AbortSignal },
): Promise<readonly FoundSpec[]> {
  const readFound = async (spec: string) =>
    misnamed.has(spec)
      ? [refused(spec, 'its name is not UTF-8')]
      : await readSpecs({ spec, path: pathOf(spec) }, ports);
  return withRunSpecs((await pMap(found, readFound, options)).flat());
}

/** Those that are selected. A limit counts what can be read; the samples of one spec are one. */
export function selectSpecs(found: readonly FoundSpec[], selection: SpecSelection) {
  const limit = selection.limit ?? Number.POSITIVE_INFINITY;
  const counted = new Set<string>();
  const selected: FoundSpec[] = [];
  const others = new Set<string>();
  for (const each of found) {
    const isOver = counted.size >= limit && !counted.has(each.spec);
    if (isOver || !isSelected(each.spec, selection)) others.add(each.spec);
    else {
      selected.push(each);
      if ('parsed' in each) counted.add(each.spec);
    }
  }
  if (selected.length === 0 && others.size > 0) throw nothingSelected(selection);
  const leftOut: LeftOut | null =
    others.size === 0 ? null : { count: others.size, by: selectionText(selection) };
  return { selected, leftOut };
}

function withRunSpecs(read: readonly (FoundSpec | FoundRunSpec)[]): FoundSpec[] {
  const runSpecs = read.flatMap((each) => ('runSpec' in each ? [each] : []));
  const byPromptId = Map.groupBy(runSpecs, ({ runSpec }) => runSpec.prompt_id);
  const specs = read.flatMap((each) => ('runSpec' in each ? [] : [each]));
  const used = new Set<FoundRunSpec>();
  const samples = specs.flatMap((each): FoundSpec[] => {
    const runs = 'parsed' in each ? runSpecsOf(each.parsed, byPromptId) : [];
    for (const run of runs) used.add(run);
    return runs.length === 0 ? [each] : runs.map((run) => sampleOfRun(each, run));
  });
  const others = runSpecs.filter((run) => !used.has(run));
  const refusal = ({ runSpec }: FoundRunSpec) =>
    `it belongs to ${runSpec.prompt_id}, which is not a spec here`;
  return [...samples, ...others.map((run) => refused(run.spec, refusal(run)))];
}

function sampleOfRun(spec: FoundSpec, run: FoundRunSpec): FoundSpec {
  if (run.problem !== null) return refused(run.spec, run.problem);
  return 'parsed' in spec ? { ...spec, run, name: nameOfRun(run) } : spec;
}

/** The spec of a file, or all of those that it holds. */
async function readSpecs(
  { spec, path }: SpecCandidate,
  { specs }: Pick<Ports, 'specs'>,
): Promise<readonly (FoundSpec | FoundRunSpec)[]> {
  const file = await readSpecFile(path, specs);
  if (!file.isRead) return [refused(spec, file.reason)];
  return Array.from(file.only ? [file.only] : file.specs, ({ element, bytes, parsed }) => {
    const name = element === null ? spec : elementName(spec, element);
    if (parsed.isValid)
      return { spec: name, path, name: parsed.spec.name?.trim() || null, parsed: parsed.spec, run: null };
    const runSpec = parsed.isRunSpec ? readRunSpec(name, parseJson(bytes)) : null;
    return (
      runSpec ?? refused(name, element === null ? parsed.reason : `line ${parsed.line}: ${parsed.reason}`)
    );
  });
}

function refused(spec: string, refusal: string): RefusedSpec {
  return { spec, name: null, refusal };
}
