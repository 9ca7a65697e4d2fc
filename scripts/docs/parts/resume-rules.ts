import { type OnResume, type ResumeRule, resumeRules } from '../../../src/core/settings/resume-rules.ts';
import { markdownTable } from '../markdown-table.ts';
import { settingNames } from './settings.ts';

const meanings: Readonly<Record<OnResume, string>> = {
  current: 'the present value is used, and said in one line: no answer depends on it',
  added: 'may be set where nothing was set, or be another one while no prompt is answered',
  raised: 'may be raised for specs without a result; each enriched spec records its own',
  fixed: 'another value is refused, exit code 6, with the command of a new run',
};

/** Every setting, and what a resumed run does when it is another one by now. */
export function resumeTable(): string {
  const rules: readonly ResumeRule[] = Object.values(resumeRules).flatMap((kind) => Object.values(kind));
  const rows = (Object.keys(meanings) as OnResume[]).map((onResume) => {
    const flags = rules.filter(({ name, onResume: its }) => name.startsWith('--') && its === onResume);
    const names = [...settingsOf(onResume, rules), ...flags.map(({ name }) => `\`${name}\``)];
    return [meanings[onResume], [...new Set(names)].join(', ')];
  });
  return markdownTable(['What a resumed run does', 'Settings and flags'], rows);
}

/** Whole tables where all settings of one are meant. What is no setting of a run is read by every command as it is. */
function settingsOf(onResume: OnResume, rules: readonly ResumeRule[]): string[] {
  const all = settingNames();
  const isMeant = (name: string) =>
    (rules.find((rule) => rule.name === name)?.onResume ?? 'current') === onResume;
  const tableOf = (name: string) => name.slice(0, name.lastIndexOf('.'));
  return all.filter(isMeant).map((name) => {
    const isWhole = all.filter((other) => tableOf(other) === tableOf(name)).every(isMeant);
    return isWhole ? `\`[${tableOf(name)}]\`` : flagged(name, rules);
  });
}

function flagged(name: string, rules: readonly ResumeRule[]): string {
  const { flag } = rules.find((rule) => rule.name === name) ?? {};
  return flag === undefined ? `\`${name}\`` : `\`${name}\` (\`${flag}\`)`;
}
