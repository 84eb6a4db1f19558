import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Command } from 'commander';
import { COMMANDS } from '../../bin/commands/index.js';
import type { Session } from '../../bin/session.js';
import { ERROR_CODES } from '../../lib/index.js';
import { project } from '../support/packed.js';
import { blocks, callsIn, firstCells, pages, pageText } from '../support/pages.js';

/** The commands, as the command line has them; nothing of the session is needed to read options. */
const commands: readonly Command[] = COMMANDS.map((make) => make({} as Session));
const optionsOf = (command: Command): string[] => command.options.flatMap(({ long, short }) => [long, short].filter((one) => one != null));

/** The text of every file of the code. */
const code = execFileSync('git', ['ls-files', '--', 'lib/*.ts', 'lib/*.mjs', 'bin/*.ts'], { cwd: project, encoding: 'utf8' })
  .trim()
  .split('\n')
  .map((file) => readFileSync(join(project, file), 'utf8'))
  .join('\n');

/** The fields of an exported interface, as the code declares them. */
function fieldsOf(name: string): string[] {
  const [, body] =
    new RegExp(`export interface ${name}\\b[^{]*\\{\\n([\\s\\S]*?)^\\}`, 'm').exec(code) ?? expect.fail(`there is no ${name}`);
  return [...body!.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, field]) => field!);
}

/** The names in the first cells of a table: `join`, not a whole call. */
const named = (page: string, head: string): string[] => firstCells(page, head).filter((cell) => /^\w+$/.test(cell));

describe('the options that the pages tell of', () => {
  it('are all those of Handoff.start, and no other', () =>
    expect(named('README.md', 'option of `Handoff.start`')).to.have.members(fieldsOf('NodeOptions')));

  it('are all those of execute, and no other', () =>
    expect(named('README.md', 'option of `execute`')).to.have.members(fieldsOf('ExecuteOptions')));

  it('are all those of a function, and no other', () =>
    expect(named('README.md', 'field of a function')).to.have.members(fieldsOf('FunctionSpec').concat(fieldsOf('FunctionOptions'))));

  it('are all those of the commands, and no other', () => {
    const listed = firstCells('docs/command-line.md', 'option').flatMap((cell) => cell.match(/(?<![\w-])--?[a-z][a-z-]*/g) ?? []);
    expect(new Set(listed)).to.deep.equal(new Set(commands.flatMap(optionsOf)));
  });

  it('are those of each command that a group of options is for', () => {
    const text = pageText('docs/command-line.md');
    for (const [heading, option] of [
      ['a cluster', '--join'],
      ['a node', '--threads'],
      ['what a node shows', '--metrics'],
    ] as const) {
      const [, line] = new RegExp(`^## Options of ${heading}\\n\\nFor ([^.;]*)[.;]`, 'm').exec(text) ?? expect.fail(`no ${heading}`);
      const having = commands.filter((command) => optionsOf(command).includes(option)).map((command) => command.name());
      expect(
        [...line!.matchAll(/`(\w+)`/g)].map(([, name]) => name),
        heading,
      ).to.have.members(having);
    }
  });

  it('are options of the package, wherever one is named', () => {
    const known = new Set([...commands.flatMap(optionsOf), '--permission', '--allow-worker', '--require', '--import', '--help', '--init']);
    for (const page of pages) {
      for (const [, cell] of pageText(page).matchAll(/`(-[^`\n]*)`/g)) {
        for (const option of cell!.match(/(?<![\w-])--[a-z][a-z-]*/g) ?? []) expect(known, `${page}: ${cell}`).to.include(option);
      }
    }
  });

  it('are options of the command that they are given to, in every call', () => {
    const calls = pages.flatMap((page) => callsIn(pageText(page)).map((words) => ({ page, words })));
    expect(calls.length).to.be.above(15);
    for (const { page, words } of calls) {
      const command = commands.find((one) => one.name() === words[0])!;
      for (const word of words) {
        const [option] = /(?<![\w-])-{1,2}[a-z][a-z-]*/.exec(word) ?? [];
        if (option !== undefined) expect(optionsOf(command), `${page}: handoff ${words.join(' ')}`).to.include(option);
      }
    }
  });

  it('are shown for each command that the README lists, and only for those', () => {
    const listed = firstCells('README.md', 'command').map((cell) => /^handoff (\w+)/.exec(cell)?.[1]);
    expect(listed).to.have.members(commands.map((command) => command.name()));
  });
});

describe('the environment variables that the pages tell of', () => {
  /** What Node and npm give a process, and what the engine's own processes tell each other. */
  const notForUsers = new Set(['NODE_OPTIONS', 'npm_command', 'HANDOFF_TESTING_OPTIONS']);

  it('are all those that the code reads', () => {
    const read = new Set(
      [...code.matchAll(/\benv\.([A-Za-z_]+)|['"`](HANDOFF_[A-Z_]+)['"`]|\{ ([A-Z_]+)(?:: \w+)?(?:, [\w.: ]+)* \} = process\.env/g)]
        .map(([, ...names]) => names.find((name) => name !== undefined)!)
        .filter((name) => !notForUsers.has(name) && !(ERROR_CODES as readonly string[]).includes(name)),
    );
    expect(firstCells('docs/command-line.md', 'variable')).to.have.members([...read]);
  });

  it('are named elsewhere only if they are among these', () => {
    const known = new Set<string>([...firstCells('docs/command-line.md', 'variable'), ...ERROR_CODES]);
    for (const page of pages) for (const [name] of pageText(page).matchAll(/\bHANDOFF_[A-Z_]+/g)) expect(known, page).to.include(name);
  });
});

describe('the calls of npm that the pages show', () => {
  it('name scripts that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    for (const page of pages) {
      for (const [, name] of pageText(page).matchAll(/npm run ([\w:]+)/g)) expect(scripts, page).to.have.property(name!);
    }
  });

  it('stand in blocks for a shell', () =>
    expect(blocks.some(({ language, code: text }) => language === 'sh' && text.includes('npm '))).to.equal(true));
});
