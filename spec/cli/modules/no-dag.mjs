export const question = 'what is six times nine?';
export const answer = 42;
