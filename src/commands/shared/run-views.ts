import type { RunKinds, RunTypes } from '../../services/runs/run-kind.ts';
import type { RunView } from './run-view.ts';
import { upsampleView } from './upsample-view.ts';
import { upscaleView } from './upscale-view.ts';

/** Every kind of run that the program knows. A new kind is added here. */
const runViews: readonly RunView<RunTypes>[] = [upsampleView, upscaleView];

export const runKinds: RunKinds = new Map(runViews.map(({ kind }) => [kind.format.kind, kind]));

/** The view of a kind that a stored run names, which the lifecycle has found among the kinds. */
export function viewOf(kind: string): RunView<RunTypes> {
  const view = runViews.find((each) => each.kind.format.kind === kind);
  if (!view) throw new Error(`there is no view of runs of kind ${kind}`);
  return view;
}
