import type { RetoucherSpec } from '../../protocol/retouch.ts';
import { SegmentMaker, type SegmentMakerDeps } from '../segments/segment-maker.ts';
import { SegmentSession } from '../segments/segment-session.ts';
import type { WorkKind } from '../tasks/engine-session.ts';
import { plainEngine } from './plain-engines.ts';
import { RetouchStages } from './retouch-stages.ts';

export type RetouchKindDeps = SegmentMakerDeps & { readonly random01: () => number };

/** Segments of a video in which regions are processed. */
export function createRetouchKind(deps: RetouchKindDeps): WorkKind {
  return {
    open: (spec: RetoucherSpec) => {
      const maker = new SegmentMaker(
        spec,
        new RetouchStages(spec, plainEngine(spec), deps.objectPathOf),
        deps,
      );
      return new SegmentSession(spec.model ?? spec.kind, maker, deps);
    },
  };
}
