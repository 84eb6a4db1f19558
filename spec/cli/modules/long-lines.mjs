import { setTimeout as rest } from 'node:timers/promises';
import { Dag } from 'handoff-dag';

const LINES = Number(process.env.LINES_EACH ?? 12);

/** Prints lines that are wider than the terminal, each with its number at both ends. */
const talk = (name) => async () => {
  for (let line = 0; line < LINES; line += 1) {
    console.log(`<${name}-${line} ${'word 東京 é👍 '.repeat(1 + (line % 9))}${name}-${line}>`);
    if (line % 4 === 0) console.log(`\u001b[31m<red-${name}-${line}>\u001b[2J\u001b[10A there\r<kept-${name}-${line}>`);
    await rest(Number(process.env.REST_MS ?? 20));
  }
  return name;
};

export default Dag.dynamic('long lines')
  .add({ id: 'a', code: talk('a') })
  .add({ id: 'a function with a long name that goes on', code: talk('b') })
  .add({ id: '東京東京東京東京東京東京東京東京', code: talk('c') });
