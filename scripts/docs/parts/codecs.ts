import { codecFacts, type VideoCodec, videoCodecs } from '../../../src/core/encoding/codecs.ts';
import { encoders, encodersOf } from '../../../src/core/encoding/encoders.ts';
import { formatLimits, type OutputContainer } from '../../../src/core/frames/container-limits.ts';
import { pixelFamily } from '../../../src/core/frames/pixel-family.ts';
import { markdownTable } from '../markdown-table.ts';

const containers = Object.keys(formatLimits) as OutputContainer[];

/** What can be in what; a test really makes each pair. */
export function codecTable(): string {
  const rows = videoCodecs.map((codec) => [
    `\`${codec}\``,
    ...containers.map((container) => (codecFacts[codec].containers.includes(container) ? '✓' : '')),
    keptText(codec),
    rateText(codec),
  ]);
  return markdownTable(
    ['`--codec`', ...containers.map((name) => `\`.${name}\``), 'keeps', 'usual quality'],
    rows,
  );
}

/** Encoders by name, and what `--preset` means to each. */
export function encoderTable(): string {
  const rows = videoCodecs.flatMap((codec) =>
    encodersOf(codec).map((name) => {
      const { device, presets, rates } = encoders[name];
      const names = Object.keys(presets);
      return [
        `\`${name}\``,
        codecFacts[codec].label,
        device === 'cpu' ? '' : device,
        rates.map(({ kind }) => `\`--${kind}\``).join(', '),
        names.length === 0 ? '' : presetText(names),
      ];
    }),
  );
  return markdownTable(['`--encoder`', 'makes', 'hardware', 'size by', '`--preset`'], rows);
}

function keptText(codec: VideoCodec): string {
  const families = encodersOf(codec)
    .filter((name) => encoders[name].device === 'cpu')
    .flatMap((name) => encoders[name].formats.flatMap((format) => pixelFamily(format) ?? []));
  const bits = [...new Set(families.map((family) => family.bits))].sort((a, b) => a - b);
  const samplings = [...new Set(families.map(({ sampling }) => sampling))].sort();
  const last = bits.length > 1 ? `${bits.slice(0, -1).join(', ')} and ${bits.at(-1)}` : `${bits[0]}`;
  return `${last} bits; ${samplings.map((each) => (each === 'gray' ? each : [...each].join(':'))).join(', ')}`;
}

function rateText(codec: VideoCodec): string {
  const [name] = encodersOf(codec);
  const usual = name === undefined ? null : encoders[name].usualRate;
  if (usual !== null) return `\`--crf ${usual}\``;
  return codec === 'ffv1' ? 'lossless' : '`--preset hq`, or `4444` for 4:4:4';
}

function presetText(names: readonly string[]): string {
  const numbers = names.filter((each) => /^\d{1,2}$/.test(each));
  const words = names.filter((each) => !numbers.includes(each));
  const isUsual = words.includes('ultrafast');
  const text = words.length > 6 ? `${words[0]} … ${words.at(-1)}` : words.join(', ');
  const range = numbers.length > 0 ? `, or ${numbers.at(-1)} … ${numbers[0]}` : '';
  return `${isUsual ? 'ultrafast … veryslow' : text}${range}`;
}
