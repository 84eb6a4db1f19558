import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { readScenarios, ScenarioPlayer, stepText } from './scenario.js';

const folder = fileURLToPath(new URL('./scenarios', import.meta.url));
/** Writes what the brain says into the files, to be read before it is committed. */
const isRewriting = process.env.REWRITE_SCENARIOS === '1';

for (const file of readdirSync(folder)) {
  const path = `${folder}/${file}`;
  const scenarios = readScenarios(readFileSync(path, 'utf8'));
  describe(`the scenarios of ${file}`, () => {
    const rewritten: string[] = [];
    for (const { title, steps } of scenarios) {
      it(title, () => {
        const player = new ScenarioPlayer();
        for (const step of steps) {
          const said = player.play(step);
          if (isRewriting) rewritten.push(stepText(step, said));
          else expect(said, step.words.join(' ')).to.deep.equal(step.said);
        }
      });
    }
    after(() => {
      if (isRewriting) writeFileSync(path, `${rewritten.join('\n')}\n`);
    });
  });
}

describe('a file of scenarios', () => {
  it('is refused where it does not begin with a dag, a step has no answer, or a word is unknown', () => {
    expect(() => readScenarios('begin\n----\n')).to.throw('a scenario begins with "dag"');
    expect(() => readScenarios('dag\n  a\n\nbegin\n----\n')).to.throw('line 3: "----" is missing after "dag"');
    const [scenario] = readScenarios('dag\n  a\n----\n\ndance a\n----\n');
    const player = new ScenarioPlayer();
    expect(() => scenario!.steps.map((step) => player.play(step))).to.throw('"dance" is no step of a scenario');
  });
});
