import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { project } from '../support/packed.js';
import { exportsOf, sourcesOf } from '../support/sources.js';

const readme = readFileSync(join(project, 'README.md'), 'utf8');
const picture = /^## How a function travels\n([\s\S]*?)^## /m.exec(readme)![1]!;
const sources = sourcesOf('lib');

/** Where a search for a name ends: a folder's door, a file that is named so, or the one export of that name. */
function found(name: string): readonly string[] {
  const files = sources.filter(({ path }) => path === `lib/${name}/index.ts` || path.endsWith(`/${name}.ts`)).map(({ path }) => path);
  if (files.length > 0) return files;
  const exported = name.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
  return sources.filter((source) => exportsOf(source).has(exported)).map(({ path }) => path);
}

/** The things of the picture, and the place where each is found. */
const THINGS: Readonly<Record<string, string>> = {
  dag: 'lib/dag/',
  runner: 'lib/runner/index.ts',
  allocator: 'lib/allocator/',
  executor: 'lib/executor/',
  store: 'lib/store/',
  claim: 'lib/allocator/capacity/capacity.ts',
  ledger: 'lib/allocator/capacity/ledger.ts',
  attempt: 'lib/executor/attempts/attempt.ts',
  receipt: 'lib/runner/brain/messages.ts',
  thread: 'lib/executor/isolations/thread.ts',
  loop: 'lib/executor/isolations/loop.ts',
  heartbeat: 'lib/nodes/heartbeat.ts',
};

describe('the picture in the README', () => {
  for (const [name, place] of Object.entries(THINGS)) {
    it(`names a thing that one search finds: ${name}`, () => {
      expect(picture).to.match(new RegExp(`\\b${name}s?\\b`));
      const places = found(name);
      expect(places, places.join(', ')).to.not.be.empty;
      for (const one of places) expect(one).to.include(place);
    });
  }

  it('names stations that are folders of lib, each with a door that says the same', () => {
    const stations = [...picture.matchAll(/\b(\w+)\["\1<br>([^"]+)"\]/g)];
    expect(stations).to.have.length(5);
    for (const [, name, what] of stations) {
      const [door] = readFileSync(join(project, 'lib', name!, 'index.ts'), 'utf8').split('\n');
      expect(door!.toLowerCase(), what).to.include(`// ${name}: ${what!.split(' ')[0]}`);
    }
  });

  it('names messages between nodes that are messages of the protocol', () => {
    const messages = [...picture.matchAll(/->>\w: ([a-z]+(?:-[a-z]+)+)/g)].map(([, message]) => message!);
    expect(messages).to.have.length.above(3);
    const protocol = readFileSync(join(project, 'lib/peer/protocol/messages.ts'), 'utf8');
    for (const message of messages) expect(protocol.split(`  '${message}': {`), message).to.have.length(2);
  });
});
