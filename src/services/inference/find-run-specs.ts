import pMap from 'p-map';
import { type FoundRunSpec, type FoundRunSpecs, readRunSpec } from '../../core/inference/run-spec.ts';
import { parseJson } from '../../core/json.ts';
import type { Ports } from '../../ports/ports.ts';
import type { InferenceObserver } from '../../ports/run-observer.ts';

const readsPerCore = 4;

interface SearchedFiles {
  readonly inputs: readonly string[];
  readonly excluded: readonly string[];
}

interface FoundFiles {
  readonly runSpecs: FoundRunSpecs;
  /** Files that hold no spec: RunSpecs. */
  readonly leftOut: ReadonlySet<string>;
}

/** RunSpecs lie among the specs that they are of, and are found whatever specs are left out. */
export async function findRunSpecs(
  { inputs, excluded }: SearchedFiles,
  ports: Pick<Ports, 'specs' | 'parallelism'>,
  signal: AbortSignal,
): Promise<FoundFiles> {
  const { specs, pathOf, misnamed } = await ports.specs.find(inputs, excluded);
  const read = async (spec: string): Promise<FoundRunSpec | null> => {
    if (misnamed.has(spec)) return null;
    const bytes = await ports.specs.read(pathOf(spec)).catch(() => null);
    // Reading every spec as a RunSpec first would cost more than finding out that it is none.
    if (bytes === null || !Buffer.from(bytes).includes('"prompt_id"')) return null;
    return readRunSpec(spec, parseJson(bytes));
  };
  const options = { concurrency: ports.parallelism * readsPerCore, signal };
  const found = (await pMap(specs, read, options)).filter((runSpec) => runSpec !== null);
  return {
    runSpecs: Map.groupBy(found, ({ runSpec }) => runSpec.prompt_id),
    leftOut: new Set(found.map(({ spec }) => spec)),
  };
}

/** @param used - RunSpecs that videos are of, by their paths. */
export function noticeUnusedRunSpecs(
  runSpecs: FoundRunSpecs,
  used: ReadonlySet<string | null>,
  observer: Pick<InferenceObserver, 'onNotice'>,
): void {
  for (const { spec, runSpec } of [...runSpecs.values()].flat())
    if (!used.has(spec))
      observer.onNotice(
        `${spec} belongs to ${runSpec.prompt_id}, which is not a spec of this run: it is left out.`,
      );
}
