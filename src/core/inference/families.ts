import { cosmos3 } from './families/cosmos3.ts';
import { predict2, predict25 } from './families/predict.ts';
import { transfer1 } from './families/transfer1.ts';
import { transfer25 } from './families/transfer25.ts';
import { exportedCommand, exportedOutputs } from './program.ts';
import type { ExportedGroup, InferenceSample, ModelFamily } from './sample.ts';

export const familyNames = ['transfer1', 'transfer2.5', 'predict2', 'predict2.5', 'cosmos3'] as const;
export type FamilyName = (typeof familyNames)[number];

const families: Readonly<Record<FamilyName, ModelFamily>> = {
  transfer1,
  'transfer2.5': transfer25,
  predict2,
  'predict2.5': predict25,
  cosmos3,
};

export function familyNamed(name: FamilyName): ModelFamily {
  return families[name];
}

/** The input files for samples that the model takes, in their order; those that may share a call stand together. */
export function groupSamples(family: ModelFamily, samples: readonly InferenceSample[]): ExportedGroup[] {
  const groups = Map.groupBy(samples, (sample) => family.groupKey(sample));
  return [...groups.values()].map((group, index) => {
    const written = family.writeGroup(group, index + 1, exportedOutputs);
    return { ...written, command: exportedCommand(family, written) };
  });
}
