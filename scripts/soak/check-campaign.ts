import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { readJournal } from '../../src/adapters/run-store/journal.ts';
import { upsampleEventBodySchema } from '../../src/core/upsample/upsample-event.ts';
import type { Cli } from '../../test/support/run-cli.ts';
import type { StandInStats } from '../../test/support/stand-in/stats.ts';
import { writeAnswer } from '../../test/support/stand-in/write-answer.ts';
import type { CampaignOptions, KillRecord } from './kill-plan.ts';

/** What is known when a campaign is over. */
export interface CampaignFacts {
  readonly cli: Cli;
  readonly stats: StandInStats;
  readonly kills: readonly KillRecord[];
}

const enrichedSchema = z.object({
  prompt: z.string(),
  is_upsampled: z.literal(true),
  parent_prompt_text: z.string(),
  metadata: z.object({ upsampling: z.object({ task_key: z.string(), frames_used: z.literal(2) }) }),
});

/** Words that tell one spec's prompt, and every request for it, from all others. */
export function markerOf(index: number): string {
  return `Shot number ${String(index).padStart(5, '0')}`;
}

/** Everything that must hold once a run that was killed so often is complete; what does not is told. */
export async function checkCampaign(
  facts: CampaignFacts,
  { specs, writesBack }: Pick<CampaignOptions, 'specs' | 'writesBack'>,
): Promise<string[]> {
  const keys = new Map<string, string>();
  const faults: string[] = [];
  for (let index = 0; index < specs; index++) {
    faults.push(
      ...(await checkSpec(facts, index, keys)),
      ...(await checkSource(facts.cli, index, writesBack)),
    );
  }
  return [
    ...faults,
    ...checkAskedAgain(facts, keys),
    ...(await checkLeftovers(facts.cli)),
    ...(await checkRun(facts.cli, specs)),
  ];
}

async function checkSpec(
  { cli, stats }: CampaignFacts,
  index: number,
  keys: Map<string, string>,
): Promise<string[]> {
  const marker = markerOf(index);
  const path = join(cli.outputFolder, `shot_${index}`, 's.json');
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return [`${path} is missing`];
  const parsed = enrichedSchema.safeParse(JSON.parse(text));
  if (!parsed.success) return [`${path}: ${z.prettifyError(parsed.error)}`];
  keys.set(parsed.data.metadata.upsampling.task_key, marker);
  const contents = new Set(
    stats.asks.filter((ask) => ask.text.includes(marker)).map((ask) => ask.contentKey),
  );
  const [content] = contents;
  if (contents.size !== 1 || content === undefined) return [`${marker} was asked in ${contents.size} ways`];
  if (parsed.data.prompt !== writeAnswer(content)) return [`${path} holds another prompt's answer`];
  return parsed.data.parent_prompt_text.startsWith(marker)
    ? []
    : [`${path} has another prompt as its parent`];
}

async function checkSource(cli: Cli, index: number, isWrittenBack: boolean): Promise<string[]> {
  const folder = join(cli.workingFolder, 'specs', `shot_${index}`);
  const source = await readFile(join(folder, 's.json'), 'utf8');
  const output = await readFile(join(cli.outputFolder, `shot_${index}`, 's.json'), 'utf8').catch(() => null);
  const names = await readdir(folder);
  const faults =
    (source === output) === isWrittenBack ? [] : [`the source of ${markerOf(index)} is not as it should be`];
  return names.length === 1
    ? faults
    : [...faults, `${names.join(', ')} lie beside the source of ${markerOf(index)}`];
}

/** No request for a spec comes after a kill that its result had survived. */
function checkAskedAgain({ stats, kills }: CampaignFacts, keys: ReadonlyMap<string, string>): string[] {
  return kills.flatMap(({ published, asked, target }, at) => {
    const later = stats.asks.slice(asked);
    return [...published].flatMap((key) => {
      const marker = keys.get(key);
      if (marker === undefined) return [`the result ${key} belongs to no enriched spec`];
      const isAskedAgain = later.some((ask) => ask.text.includes(marker));
      return isAskedAgain ? [`${marker} was asked again after kill ${at + 1} (${target})`] : [];
    });
  });
}

async function checkLeftovers(cli: Cli): Promise<string[]> {
  const names = await readdir(cli.outputFolder, { recursive: true });
  // A process that dies while it takes its very first lock leaves a hidden file, which disturbs nobody.
  const expected = /^(shot_\d+([/\\]s\.json)?|\.cosmos\.lock\.[0-9a-f]+\.tmp)$/;
  const strange = names.filter((name) => !expected.test(name));
  return strange.map((name) => `${name} was left in the output folder`);
}

async function checkRun(cli: Cli, specs: number): Promise<string[]> {
  const faults: string[] = [];
  // Killed before its checkpoint was written, a run never began: its folder holds a lock at most.
  const files = await readdir(cli.checkpointFolder, { recursive: true });
  const runs = files.filter((name) => basename(name) === 'checkpoint.json').map((name) => dirname(name));
  if (runs.length !== 1) faults.push(`there are ${runs.length} runs`);
  const { events: read, isTorn } = await readJournal(
    join(cli.checkpointFolder, runs[0] ?? '', 'journal.jsonl'),
    upsampleEventBodySchema,
  );
  const events = [...read];
  if (isTorn) faults.push('the journal ends in half a line');
  const finished = events.flatMap((event) => (event.type === 'task-finished' ? [event.spec] : []));
  if (new Set(finished).size !== specs)
    faults.push(`the journal has ${new Set(finished).size} finished specs`);
  if (finished.length !== new Set(finished).size) faults.push('the journal has a spec finished twice');
  const last = events.at(-1);
  if (last?.type !== 'run-finished' || last.status !== 'complete')
    faults.push('the journal does not end complete');
  return faults;
}
