import { type CommandFacts, type CommandFlag, readCommands } from '../command-manifest.ts';
import { markdownTable } from '../markdown-table.ts';

/** One section a command: usage, arguments, flags, examples. */
export function commandSections(): string {
  return readCommands().map(sectionOf).join('\n\n');
}

function sectionOf(command: CommandFacts): string {
  const typed = command.id.replaceAll(':', ' ');
  const parts = [`## cosmos ${typed}`, command.summary ?? '', command.description ?? ''];
  const usage = ['cosmos', typed, ...Object.values(command.args).map((arg) => usageOf(arg, command))];
  parts.push(`\`\`\`sh\n${usage.join(' ')} [FLAGS]\n\`\`\``);
  const args = Object.values(command.args).map((arg) => [
    `\`${arg.name.toUpperCase()}\``,
    [arg.description ?? '', defaultOf(arg.default)].filter((part) => part !== '').join('; '),
  ]);
  if (args.length > 0) parts.push(markdownTable(['Argument', ''], args));
  const shown = Object.values(command.flags).filter(({ hidden }) => !hidden);
  const flags = shown.map((flag) => [`\`${spellingOf(flag)}\``, meaningOf(flag)]);
  parts.push(markdownTable(['Flag', ''], flags));
  const examples = (command.examples ?? []).map((example) => exampleOf(example, typed));
  if (examples.length > 0) parts.push(`\`\`\`sh\n${examples.join('\n')}\n\`\`\``);
  return parts.filter((part) => part !== '').join('\n\n');
}

function usageOf(arg: { name: string; required?: boolean | undefined }, command: CommandFacts): string {
  const name = arg.name.toUpperCase() + (command.strict === false ? '…' : '');
  return arg.required ? name : `[${name}]`;
}

function spellingOf(flag: CommandFlag): string {
  if (flag.type === 'boolean') return flag.allowNo ? `--[no-]${flag.name}` : `--${flag.name}`;
  return `--${flag.name} ${flag.options?.join('|') ?? flag.helpValue ?? 'VALUE'}`;
}

function meaningOf(flag: CommandFlag): string {
  const notes = [flag.required ? 'required' : '', flag.multiple ? 'may be repeated' : ''];
  if (flag.default !== false && flag.default !== true) notes.push(defaultOf(flag.default));
  return [flag.description ?? '', ...notes].filter((part) => part !== '').join('; ');
}

function defaultOf(value: unknown): string {
  return typeof value === 'string' ? `default: \`${value}\`` : '';
}

function exampleOf(example: string, typed: string): string {
  return example.replace('<%= config.bin %>', 'cosmos').replace('<%= command.id %>', typed);
}
