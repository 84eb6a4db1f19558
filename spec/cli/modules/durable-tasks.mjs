import { appendFileSync, readFileSync } from 'node:fs';

const notes = () => process.env.NOTES;
const ran = (what) => {
  appendFileSync(notes(), `${what}\n`);
  return readFileSync(notes(), 'utf8')
    .split('\n')
    .filter((line) => line === what).length;
};

export const noted = (name, ...values) => {
  ran(name);
  return values.reduce((sum, value) => sum + value, 1);
};

/** Kills its process the first time it runs. */
export const deadly = (value) => {
  if (ran('deadly') === 1) process.kill(process.pid, 'SIGKILL');
  return value + 100;
};

export const added = (one, other) => {
  ran('added');
  return one + other;
};
