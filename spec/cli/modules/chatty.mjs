import { Dag, Handoff } from 'handoff-dag';

// A program of a user's: a node with the default logger, whose functions print more than standard error may take.
const handoff = await Handoff.start({ name: 'chatty' });
const dag = new Dag('chatty').add({
  id: 'chat',
  code: () => {
    for (let line = 0; line < 4000; line += 1) console.log('x'.repeat(1000));
    return 'chatted';
  },
});
const { results } = await handoff.execute(dag);
const { nodes } = await handoff.status();
process.stdout.write(`${results.chat}, log ${nodes[0].log}\n`, () => process.exit(0));
