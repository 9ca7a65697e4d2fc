import { printable } from '../../core/printable.ts';
import { configLinesOf, type ServerLimits } from '../../core/upsample/server-limits.ts';
import { formatTable } from './columns.ts';
import { counted, numeral } from './format.ts';
import type { Style } from './style.ts';
import { noticeLine } from './summary-sections.ts';

/** What measuring costs, said before it. */
export function formatCost(cost: {
  readonly address: string;
  readonly model: string;
  readonly usualRequests: number;
  readonly maxRequests: number;
  readonly frames: number;
  readonly contextTokens: number;
}): string {
  const { usualRequests: usual, maxRequests: most, frames, contextTokens } = cost;
  const requests =
    usual === most
      ? counted(usual, 'request')
      : `about ${counted(usual, 'request')}, and at most ${numeral(most)},`;
  return `${requests} with ${counted(frames, 'picture')} each, of up to ${numeral(contextTokens)} tokens, to ${printable(cost.model)} at ${printable(cost.address)}.`;
}

/** What is safe for each shape, each request, the text's share, and the lines for `config.toml`. */
export function formatServerLimits(limits: ServerLimits, style: Style): string {
  const { context, output_reserved: reserved, model, address } = limits;
  const source =
    context.source === 'server' ? 'as the server says' : 'upsampling.max_tokens; the server does not say';
  const lines = configLinesOf(limits);
  const blocks = [
    [
      `${printable(model)} at ${printable(address)}: ${numeral(context.tokens)} tokens (${source}), ${numeral(reserved)} of them for the answer.`,
    ],
    shapeLines(limits, style),
    formatTable([['SIZE', 'SAFE', 'PROMPT', 'VISION', 'LEFT'], ...limits.tests.map(testRow)]),
    limits.tests.flatMap(({ width, height, reason }) =>
      reason === null ? [] : [style.dim(`${width}x${height}: ${printable(reason)}`)],
    ),
    textLines(limits),
    lines.length === 0 ? [] : ['For config.toml:', ...lines.map((line) => `    ${line}`)],
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}

function shapeLines({ shapes, frames }: ServerLimits, style: Style): string[] {
  return shapes.map(({ shape, largest, is_refused_above: isRefusedAbove }) => {
    if (largest === null) return `${style.bad('✗')} ${shape}  none is safe`;
    const above = isRefusedAbove ? '' : ' (larger ones were accepted, too, but gain nothing)';
    return `${style.good('✓')} ${shape}  ${largest.width}x${largest.height} with ${counted(frames, 'frame')}${above}`;
  });
}

function testRow(test: ServerLimits['tests'][number]): string[] {
  const {
    width,
    height,
    is_safe: isSafe,
    prompt_tokens: prompt,
    vision_tokens: vision,
    room_tokens: room,
  } = test;
  const size = `${width}x${height}`;
  return [
    size,
    isSafe ? 'yes' : 'no',
    prompt === null ? '—' : String(prompt),
    String(vision),
    String(room ?? '—'),
  ];
}

/** Of one answer, or none, nothing can be said. */
function textLines({
  estimator,
  text_tokens: text,
  estimated_text_tokens: estimated,
  tests,
}: ServerLimits): string[] {
  const isComparable = tests.filter(({ prompt_tokens: prompt }) => prompt !== null).length > 1;
  if (text === null)
    return isComparable ? [noticeLine('None of the estimators counts frames as this server does.')] : [];
  const by = estimator === null ? '' : ` The server counts frames as ${estimator} does.`;
  return [
    `Text and chat template: ${counted(text, 'token')} in each request, ${numeral(estimated)} by the estimate.${by}`,
  ];
}
