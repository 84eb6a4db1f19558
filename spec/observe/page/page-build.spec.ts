import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { buildPage } from '../../../lib/observe/page/build.mjs';

const LARGEST_BYTES = 300 * 1024;

describe('the built page', () => {
  let folder: string;
  let inputs: readonly string[];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'handoff-page-'));
    inputs = await (buildPage as (folder: string) => Promise<readonly string[]>)(join(folder, 'page'));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  const files = (): readonly string[] =>
    readdirSync(join(folder, 'page'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      statSync(join(folder, 'page', file)).isFile(),
    );
  const read = (file: string): string => readFileSync(join(folder, 'page', file), 'utf8');

  it('has at most 300 KiB, compressed', () => {
    const sizes = files().map((file) => gzipSync(read(file)).length);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    expect(bytes).to.be.within(15_000, LARGEST_BYTES);
  });

  it('is one document, with scripts, styles and an icon whose names are those of their content', () => {
    expect(files().filter((file) => !file.includes('assets'))).to.have.members(['index.html', 'licences.txt']);
    const html = read('index.html');
    const assets = files().filter((file) => file.includes('assets'));
    for (const asset of assets) {
      expect(asset).to.match(/^assets[/\\][a-z-]+-[0-9a-f]{10}\.(?:js|css|svg)$/);
      expect(html).to.include(`"/${asset.replace('\\', '/')}"`);
    }
    expect(assets.length).to.be.at.least(3);
  });

  it('asks no other machine for anything, and has no code or style within the document', () => {
    const html = read('index.html');
    expect(html).to.not.match(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=/);
    for (const file of files().filter((one) => one !== 'licences.txt')) {
      const addresses = [...read(file).matchAll(/\b(?:https?|wss?):\/\/[^\s"'`)]+/g)].map(([address]) => address);
      expect(
        addresses.filter((address) => !address.startsWith('http://www.w3.org/')),
        file,
      ).to.deep.equal([]);
    }
  });

  it('contains the page, the views and what reads a report: nothing of a node', () => {
    const others = inputs.filter((input) => !/^lib\/observe\/(?:page|views|report)\/|^node_modules\//.test(input));
    expect(others).to.have.members([
      'lib/runner/observed/attempt-history.ts',
      'lib/runner/observed/group-name.ts',
      'lib/runner/observed/index.ts',
    ]);
  });

  it('goes along with the licences of all that is in it', () => {
    const licences = read('licences.txt');
    const packages = new Set(inputs.flatMap((input) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? []));
    expect(packages).to.include('preact');
    for (const name of packages) expect(licences).to.include(`${name}\n\n`);
    expect(licences).to.match(/MIT/);
  });
});

describe('the style sheets of the page', () => {
  it('have a home for each class: no part of the page changes how another looks', () => {
    const root = fileURLToPath(new URL('../../../lib/observe/page', import.meta.url));
    const homes = new Map<string, Set<string>>();
    const sheets = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.css'));
    expect(sheets.length).to.be.above(8);
    for (const sheet of sheets) {
      const text = readFileSync(join(root, sheet), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
      for (const [, selectors] of text.matchAll(/(?:^|[{}])\s*([^{}@;]+)\{/g)) {
        for (const selector of selectors!.split(',')) {
          const name = /^\s*\w*\.([\w-]+)/.exec(selector)?.[1];
          if (name) homes.set(name, (homes.get(name) ?? new Set()).add(sheet));
        }
      }
    }
    expect(homes.size).to.be.above(100);
    expect([...homes].filter(([, of]) => of.size > 1).map(([name, of]) => `.${name}: ${[...of].join(', ')}`)).to.deep.equal([]);
  });
});
