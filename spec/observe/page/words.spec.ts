import { expect } from 'chai';
import {
  bytesText,
  countOf,
  countsSentence,
  durationText,
  elapsedText,
  lackText,
  percentText,
  resourceText,
  shortCode,
  shortId,
} from '../../../lib/observe/page/format/amounts.js';
import { plainLine } from '../../../lib/observe/page/functions/plain-line.js';
import { waitSentence } from '../../../lib/observe/page/functions/wait-sentence.js';

const wait = { sinceMs: 0, forMs: 0, producers: [], lacking: [] } as const;

describe('amounts as pages show them', () => {
  it('are durations with three digits and one unit, or with two units', () => {
    const texts = [0, Number.NaN, 0.0042, 0.42, 7.256, 999.4, 1_000, 9_994, 12_340, 59_949, 59_951, 3_599_000, 7_384_000, 180_000_000];
    expect(texts.map(durationText)).to.deep.equal([
      '0 ms',
      '0 ms',
      '4.2 µs',
      '0.42 ms',
      '7.26 ms',
      '999 ms',
      '1.00 s',
      '9.99 s',
      '12.3 s',
      '59.9 s',
      '1 m 00 s',
      '59 m 59 s',
      '2 h 03 m',
      '2 d 02 h',
    ]);
  });

  it('are times that go on without running backwards', () => {
    const texts = [0, 99, 100, 9_999, 10_000, 59_999, 60_000].map(elapsedText);
    expect(texts).to.deep.equal(['0.0 s', '0.0 s', '0.1 s', '9.9 s', '10 s', '59 s', '1 m 00 s']);
  });

  it('are bytes, counts and resources', () => {
    expect([0, 999, 1_000, 1_048_576, 5e9, 2 ** 62].map(bytesText)).to.deep.equal([
      '0 B',
      '999 B',
      '0.977 KiB',
      '1 MiB',
      '4.66 GiB',
      '4,100 PiB',
    ]);
    expect([countOf(1, 'node'), countOf(1_234, 'node'), countOf(2, 'entry', 'entries')]).to.deep.equal([
      '1 node',
      '1,234 nodes',
      '2 entries',
    ]);
    expect([
      resourceText('cpu', 2.5),
      resourceText('memory', 24_105),
      resourceText('memoryMiB', 2_048),
      resourceText('diskBytes', 512),
    ]).to.deep.equal(['2.5', '23.5 GiB', '2 GiB', '512 B']);
    expect([shortId('short'), shortId('01934b1c-7d2e-7a31-9c55-0e6a1f3b7d20')]).to.deep.equal(['short', '…1f3b7d20']);
  });

  it('are modules of files by their last folder alone', () => {
    const codes = ['file:///a/b/project/lib/orders.mjs#load', 'file:///a.mjs#b', './orders.mjs#load', 'load', 'file:///x/y/z.mjs'];
    expect(codes.map(shortCode)).to.deep.equal(['…/lib/orders.mjs#load', 'file:///a.mjs#b', './orders.mjs#load', 'load', '…/y/z.mjs']);
  });

  it('say nothing is done, or all is, only if it is so', () => {
    expect([percentText(0, 0), percentText(0, 9), percentText(1, 100_000), percentText(99_999, 100_000), percentText(5, 5)]).to.deep.equal([
      '0 %',
      '0 %',
      '<1 %',
      '99 %',
      '100 %',
    ]);
  });

  it('are counts by state in a sentence', () => {
    expect(countsSentence({ failed: 2, succeeded: 1_000, waiting: 0 }, ['succeeded', 'failed', 'waiting'])).to.equal(
      '1,000 succeeded, 2 failed',
    );
    expect(countsSentence({}, ['succeeded'])).to.equal('no functions');
  });
});

describe('why a function waits, in a sentence', () => {
  it('tells what it waits for', () => {
    expect(waitSentence({ ...wait, for: 'producers', producers: [{ functionId: 'a', state: 'running' }] })).to.equal(
      'It waits for the value of 1 function.',
    );
    expect(waitSentence({ ...wait, for: 'delay' })).to.match(/rests before the next/);
    expect(waitSentence({ ...wait, for: 'node' })).to.match(/return of a node/);
    expect(waitSentence({ ...wait, for: 'bound' })).to.match(/its map/);
  });

  it('tells apart: no node could run it, one will, one lacks something, all do', () => {
    const room = (...lacking: { node: string; lacking: Record<string, number> }[]) => waitSentence({ ...wait, for: 'room', lacking });
    expect(room()).to.equal('It is ready, and no node in the cluster could run it.');
    expect(room({ node: 'b', lacking: { cpu: 1 } }, { node: 'a', lacking: {} })).to.equal(
      'It is ready, and a has room: it is about to start.',
    );
    expect(room({ node: 'b', lacking: { cpu: 1, memoryMiB: 1_024 } })).to.equal(
      'It is ready. Its only node, b, lacks 1 cpu and 1 GiB memoryMiB.',
    );
    expect(room({ node: 'b', lacking: { cpu: 1 } }, { node: 'a', lacking: { gpu: 1 } })).to.match(/none of the 2 nodes/);
    expect(lackText({ cpu: 0.5 })).to.equal('0.5 cpu');
  });

  it('says that memory for values is lacked, which the disk or others will give', () => {
    const lacking = [{ node: 'a', lacking: { valueMemoryMiB: 12 } }];
    expect(waitSentence({ ...wait, for: 'room', lacking })).to.match(/^It is ready, and waits for memory for its value: until others /);
    expect(lackText(lacking[0]!.lacking)).to.equal('12 MiB of memory for values');
  });
});

describe('a line of output', () => {
  it('is shown without what only a terminal understands', () => {
    expect(plainLine('\u001b[1;31mred\u001b[0m and \u001b]8;;http://x\u0007link\u001b]8;;\u0007 \u001b[2Kdone')).to.equal(
      'red and link done',
    );
    expect(plainLine('plain [31m text')).to.equal('plain [31m text');
  });
});
