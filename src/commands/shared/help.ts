import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Help } from '@oclif/core';
import { nearestWord } from '../../core/nearest-word.ts';
import { printable } from '../../core/printable.ts';
import { exitCodes } from '../../errors/error-codes.ts';
import { pageText } from '../../output/text/page-text.ts';

/** Help of the commands, and the pages of the docs that are part of the package: `cosmos help exit-codes`. */
export default class CosmosHelp extends Help {
  override async showHelp(argv: string[]): Promise<void> {
    const [name = ''] = argv.filter((argument) => !argument.startsWith('-'));
    const page = name.replace(/^docs\//, '').replace(/\.md$/, '');
    const isCommand = this.config.findCommand(name) ?? this.config.findTopic(name);
    if (page === '' || (isCommand && page === name)) return await super.showHelp(argv);
    const pages = this.#pages();
    if (pages.includes(page)) {
      this.log(pageText(readFileSync(join(this.#folder, `${page}.md`), 'utf8')));
      return;
    }
    const nearest = nearestWord(page, pages);
    const nextStep = nearest
      ? `Did you mean "${this.config.bin} help ${nearest}"?`
      : `See ${this.config.bin} --help.`;
    const typed = printable(name);
    process.stderr.write(`Error: There is no command and no help page "${typed}".\n  → ${nextStep}\n`);
    process.exit(exitCodes.usage);
  }

  override async showRootHelp(): Promise<void> {
    await super.showRootHelp();
    const names = this.#pages().filter((page) => !/^(?:README|decisions|formats|architecture)/.test(page));
    const body = this.wrap(
      names.map((name) => (this.config.findCommand(name) ? `docs/${name}` : name)).join('  '),
    );
    this.log(this.section('PAGES (cosmos help PAGE)', body));
    this.log('');
  }

  get #folder(): string {
    return join(this.config.root, 'docs');
  }

  /** Names of pages, such as `exit-codes` and `formats/plan`. */
  #pages(): readonly string[] {
    return readdirSync(this.#folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.md'))
      .map((path) => path.replaceAll('\\', '/').replace(/\.md$/, ''))
      .sort();
  }
}
