import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { ownFrames, withOwnFrames } from '../../bin/report/own-frames.js';
import { project } from './command.js';

const url = pathToFileURL(project).href;

describe("the user's frames of a stack", () => {
  it('are those of neither this package, nor what it runs functions with, nor Node beneath them', () => {
    const stack = `Error: at first
    at inner (${url}/spec/cli/a%20file.mjs?tsx=1:1:2)
    at Array.map (<anonymous>)
    at Object.readFileSync (node:fs:440:20)
    at outer (${project}/spec/cli/outer.ts:3:4)
    at async ${url}/spec/cli/plain.mjs:5:6
    at ${url}/lib/executor/steps-run.ts:7:8
    at call (${project}/dist/lib/executor/executor.js:9:10)
    at Command.parse (${project}/node_modules/commander/lib/command.js:1:1)
    at onMessage (/elsewhere/node_modules/nact/lib/index.js:2:2)
    at new Promise (<anonymous>)
    at AsyncLocalStorage.run (node:async_hooks:346:14)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)`;
    expect(ownFrames(stack)).to.deep.equal([
      'at inner (spec/cli/a file.mjs:1:2)',
      'at Array.map (<anonymous>)',
      'at Object.readFileSync (node:fs:440:20)',
      'at outer (spec/cli/outer.ts:3:4)',
      'at async spec/cli/plain.mjs:5:6',
    ]);
  });

  it('keep their path where it lies elsewhere, and may be none', () => {
    expect(ownFrames('Error\n    at there (/elsewhere/there.js:1:2)')).to.deep.equal(['at there (/elsewhere/there.js:1:2)']);
    expect(ownFrames('Error: no frames')).to.deep.equal([]);
    expect(ownFrames(undefined)).to.deep.equal([]);
  });

  it('are what is left of stacks within a text', () => {
    const text = `{\n  a: Error: x\n      at own (${url}/spec/a.mjs:1:2)\n      at call (${url}/dist/lib/b.js:1:1) {\n    code: 1\n  }\n}`;
    expect(withOwnFrames(text)).to.equal('{\n  a: Error: x\n      at own (spec/a.mjs:1:2) {\n    code: 1\n  }\n}');
  });
});
