import { familyNamed, familyNames } from '../../../src/core/inference/families.ts';
import { type InferenceParameters, usualParameters } from '../../../src/core/inference/parameters.ts';
import { exportedCommand } from '../../../src/core/inference/program.ts';
import type { InferenceSample, ModelFamily } from '../../../src/core/inference/sample.ts';
import { controlKinds } from '../../../src/core/spec/prompt-spec.ts';
import { markdownTable } from '../markdown-table.ts';

const sample: InferenceSample = {
  name: 'NAME',
  prompt: 'Cranes at dawn',
  negativePrompt: '',
  video: { path: 'a.mp4', size: { width: 1280, height: 720 }, frames: 121 },
  controls: [{ kind: 'edge', path: null, weight: 0.5 }],
  parameters: usualParameters,
  promptTokens: 4,
};

/** Another value than the usual one, within the range of each. */
const others: InferenceParameters = {
  ...{ num_steps: 20, guidance: 3, sigma_max: 50, fps: 30, seed: 7 },
  ...{ blur_strength: 'high', canny_threshold: 'high' },
};

/** What each family is given, and what it does with it: asked of the adapters themselves. */
export function familyTable(): string {
  const rows = familyNames.map((name) => {
    const family = familyNamed(name);
    return [
      `\`${name}\``,
      family.title,
      needsOf(family),
      controlsOf(family),
      leftOutOf(family),
      sharedBy(family),
      `\`${family.outputsOf('NAME', 0).video}\``,
    ];
  });
  const head = [
    '`--family`',
    'Model',
    'Needs',
    'Controls',
    'Left out',
    'One start for videos with the same',
    'Writes',
  ];
  return markdownTable(head, rows);
}

/** The command of each family for one GPU, in the folder of an export. */
export function familyCommands(): string {
  const commands = familyNames.map((name) => {
    const family = familyNamed(name);
    return `# ${family.title}\n${exportedCommand(family, family.writeGroup([sample], 1, 'outputs'))}`;
  });
  return `\`\`\`bash\n${commands.join('\n\n')}\n\`\`\``;
}

function needsOf(family: ModelFamily): string {
  const isVideoNeeded = family.refusal({ ...sample, video: null }) !== null;
  const isControlNeeded = family.refusal({ ...sample, controls: [] }) !== null;
  return [isVideoNeeded ? 'a video' : '', isControlNeeded ? 'a control' : ''].filter(Boolean).join(', ');
}

function controlsOf(family: ModelFamily): string {
  const kept = controlKinds.filter(
    (kind) => !isLeftOut(family, { controls: [{ kind, path: null, weight: 0.5 }] }, `the control "${kind}"`),
  );
  return kept.join(', ') || 'none';
}

function leftOutOf(family: ModelFamily): string {
  const names = Object.keys(others) as (keyof InferenceParameters)[];
  const parameters = names.filter((name) =>
    isLeftOut(family, { parameters: { ...usualParameters, [name]: others[name] } }, name),
  );
  const isNegativeLeftOut = isLeftOut(family, { negativePrompt: 'blurry' }, 'the negative prompt');
  const words = [
    ...(isNegativeLeftOut ? ['the negative prompt'] : []),
    ...parameters.map((name) => `\`${name}\``),
  ];
  return words.join(', ') || 'nothing';
}

function isLeftOut(family: ModelFamily, change: Partial<InferenceSample>, what: string): boolean {
  const warnings = family.warnings({ ...sample, ...change });
  return warnings.some((warning) => warning.includes(what) && warning.includes('left out'));
}

function sharedBy(family: ModelFamily): string {
  const differs = (change: Partial<InferenceSample>) =>
    family.groupKey({ ...sample, ...change }) !== family.groupKey(sample);
  const parts = [
    differs({ controls: [{ kind: 'depth', path: null, weight: 0.5 }] }) ? 'controls' : '',
    differs({ parameters: others }) ? 'parameters' : '',
    differs({ negativePrompt: 'blurry' }) ? 'negative prompt' : '',
  ].filter(Boolean);
  return parts.join(', ') || 'family';
}
