import { distance } from 'fastest-levenshtein';

/** What people type who know other programs, and what it is called here. */
const commandsMeant: Readonly<Record<string, string>> = {
  'batch-upsample': 'batch caption enrich prompt prompts upsample',
  upscale: 'enhance enlarge super-resolution superres upres',
  retouch: 'anonymize anonymise blur inpaint mask pixelize redact',
  run: 'generate infer inference predict render transfer',
  plan: 'dry-run estimate preview simulate',
  'create-spec': 'add create new spec',
  'import-answers': 'import',
  show: 'cat diff print view',
  report: 'open stats summary',
  runs: 'history jobs list ls ps status',
  'runs rm': 'delete remove rm',
  'runs prune': 'clean cleanup gc prune',
  resume: 'continue proceed restart retry',
  attach: 'follow join wait watch',
  cancel: 'abort kill stop',
  logs: 'log tail',
  doctor: 'check diagnose health test verify',
  'config show': 'config-get get settings',
  'config init': 'configure init',
  'host list': 'hosts machines',
  'host prepare': 'build install pull setup',
  'queue status': 'queues',
};

/** The same within a topic, by the last word. */
const actionsMeant: Readonly<Record<string, string>> = {
  'config show': 'cat get list ls print view',
  'config init': 'create new',
  'config path': 'file where which',
  'host list': 'ls show',
  'host prepare': 'add build create init install pull setup',
  'host prune': 'clean cleanup gc remove rm',
  'host status': 'check info state',
  'queue prune': 'clean cleanup gc rm',
  'queue status': 'list ls show',
  'runs rm': 'delete remove',
  'runs prune': 'clean cleanup gc',
  runs: 'list ls show',
};

/** Flags of other programs; of several that are meant, a command has one. */
const flagsMeant: Readonly<Record<string, readonly string[]>> = {
  o: ['output', 'output-dir', 'dir'],
  out: ['output', 'output-dir', 'dir'],
  outdir: ['output-dir'],
  dest: ['output-dir', 'output'],
  destination: ['output-dir', 'output'],
  target: ['output', 'output-dir'],
  ssh: ['host'],
  remote: ['host'],
  machine: ['host'],
  server: ['base-url', 'host'],
  url: ['base-url', 'queue'],
  endpoint: ['base-url'],
  'api-base': ['base-url'],
  redis: ['queue'],
  jobs: ['workers'],
  threads: ['workers'],
  parallel: ['workers'],
  concurrency: ['workers'],
  background: ['detach'],
  async: ['detach'],
  simulate: ['dry-run'],
  preview: ['dry-run'],
  plan: ['dry-run'],
  overwrite: ['force'],
  replace: ['force'],
  'in-place': ['write-back'],
  inplace: ['write-back'],
  continue: ['resume'],
  quiet: ['no-progress'],
  silent: ['no-progress'],
  factor: ['scale'],
  ratio: ['scale'],
  steps: ['num-steps'],
  cfg: ['guidance'],
  box: ['region'],
  rect: ['region'],
  roi: ['region'],
  filter: ['only', 'status'],
  include: ['only'],
  exclude: ['skip'],
  max: ['limit'],
  first: ['limit'],
  tail: ['lines'],
  watch: ['follow'],
  settings: ['config'],
  all: ['limit'],
  older: ['keep'],
  'older-than': ['keep'],
};

/**
 * The command that was probably meant, by meaning, then by spelling; null where none is near enough.
 *
 * @param typed - The command as it was typed, with what follows it: `rm 12ca1b2c`.
 * @param known - All commands, with spaces: `runs rm`.
 */
export function suggestCommand(typed: string, known: readonly string[]): string | null {
  const [first = '', second = ''] = typed.split(' ');
  const isTopic = known.some((command) => command.startsWith(`${first} `));
  if (!isTopic) return meantBy(first, commandsMeant, known) ?? nearestMeaning(first, commandsMeant, known);
  const inTopic = known.filter((command) => command.startsWith(`${first} `) || command === first);
  const ofTopic = Object.entries(actionsMeant).filter(([command]) => inTopic.includes(command));
  const actions = inTopic.map((command) => command.slice(first.length + 1));
  const action = nearest(second, actions);
  if (action !== null) return `${first} ${action}`.trim();
  return meantBy(second, Object.fromEntries(ofTopic), known);
}

/** The flag that was probably meant, without dashes. @param known - Flags of the command, negative ones too: `no-progress`. */
export function suggestFlag(typed: string, known: readonly string[]): string | null {
  const name = typed.replace(/^-+/, '').split('=')[0] ?? '';
  const meant = (flagsMeant[name] ?? []).find((flag) => known.includes(flag));
  // One letter is near to every other.
  if (meant !== undefined || name.length < 2) return meant ?? null;
  const longer = known.find((flag) => flag.startsWith(`${name}-`) || flag.endsWith(`-${name}`));
  return longer ?? nearest(name, known);
}

function meantBy(
  word: string,
  meanings: Readonly<Record<string, string>>,
  known: readonly string[],
): string | null {
  const found = Object.entries(meanings).find(
    ([command, words]) => known.includes(command) && words.split(' ').includes(word),
  );
  return word === '' ? null : (found?.[0] ?? null);
}

/** A command, or a word for one, that is spelled nearly the same. */
function nearestMeaning(
  word: string,
  meanings: Readonly<Record<string, string>>,
  known: readonly string[],
): string | null {
  const words = Object.values(meanings).flatMap((text) => text.split(' '));
  const found = nearest(word, [...known, ...words]);
  return found === null || known.includes(found) ? found : meantBy(found, meanings, known);
}

/** Spelled nearly the same: two letters may differ, and in a long word one in three. */
function nearest(word: string, known: readonly string[]): string | null {
  const ranked = known.map((other) => {
    // Of words that are as near, one that was typed in part or with letters out of order is nearer.
    const isNearer = other.startsWith(word) || lettersOf(other) === lettersOf(word);
    return { other, steps: distance(word, other) - (isNearer ? 0.5 : 0) };
  });
  const [best] = ranked.sort((one, two) => one.steps - two.steps);
  const most = word.length < 4 ? 1 : Math.max(2, Math.floor(word.length / 3));
  return best && best.steps <= most ? best.other : null;
}

function lettersOf(word: string): string {
  return [...word].sort().join('');
}
